// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyModel
internal import Logging

extension EC2Service {
    /// What a launched machine has written. Attested host keys that are not to be seen there, or no more,
    /// stand before it as cloud-init prints them: an instance that was added has no console, but its clients need its keys.
    func getConsoleOutput(_ request: EC2.GetConsoleOutput) async throws -> EC2.GetConsoleOutput.Response {
        let instance = try await known(request.instanceId)
        try checkDryRun(request)
        let attested = instance.hostKeys.filter(\.isAttested).map(\.key)
        var output: (text: [UInt8], date: Date)?
        do {
            let isLaunched = try await pool.run { try store.launch(of: instance.id) != nil }
            if isLaunched { output = try await requireLauncher().consoleOutput(of: instance.id) }
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

    /// Only Windows has a password, which EC2 is told of by a program there.
    func getPasswordData(_ request: EC2.GetPasswordData) async throws -> EC2.GetPasswordData.Response {
        let id = try await known(request.instanceId).id
        try checkDryRun(request)
        return EC2.GetPasswordData.Response(instanceId: id, timestamp: Date(), passwordData: "")
    }

    func known(_ id: String) async throws -> Instance {
        let ids = try EC2Service.instanceIDs([id])
        guard let instance = try await pool.run({ try store.instances(withIDs: ids) }).first else {
            throw ServiceError.instancesNotFound(ids)
        }
        return instance
    }
}
