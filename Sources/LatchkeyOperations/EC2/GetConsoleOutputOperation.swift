// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore
internal import Logging

/// What a launched machine has written. Attested host keys that are not to be seen there, or no more,
/// stand before it as cloud-init prints them: an instance that was added has no console, but its clients need its keys.
struct GetConsoleOutputOperation: EC2Operation {
    static let action: Action = "ec2:GetConsoleOutput"

    let ec2: EC2Service

    func resources(of request: EC2.GetConsoleOutput) -> [Resource] {
        [.instance(request.instanceId)]
    }

    func execute(_ request: EC2.GetConsoleOutput, in context: OperationContext) async throws
        -> EC2.GetConsoleOutput.Response
    {
        let instance = try await ec2.known(request.instanceId)
        try ec2.checkDryRun(request)
        let attested = instance.hostKeys.filter(\.isAttested).map(\.key)
        var output: (text: [UInt8], date: Date)?
        do {
            let isLaunched = try await pool.run { try store.launch(of: instance.id) != nil }
            if isLaunched { output = try await ec2.requireLauncher().consoleOutput(of: instance.id) }
        } catch  where !attested.isEmpty {
            log.error("console", metadata: ["instance": "\(instance.id)", "error": "\(error)"])
        }
        var text = output?.text ?? []
        let shown = HostKeyText.keys(onConsole: String(decoding: text, as: UTF8.self))
        if !attested.isEmpty, shown.isEmpty || !Set(shown).isSubset(of: attested) {
            // Keys that contradict each other would attest nothing.
            text = HostKeyText.block(of: attested).utf8 + HostKeyText.disarmed(text, beginsWithBoot: false)
        }
        return EC2.GetConsoleOutput.Response(
            instanceId: instance.id,
            timestamp: output?.date ?? Date(),
            output: text.isEmpty ? nil : Data(text).base64EncodedString()
        )
    }
}
