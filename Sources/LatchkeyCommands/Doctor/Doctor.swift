// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySystem

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check this set-up, and say how to fix what is wrong.",
        discussion: """
            Looks at Latchkey's own files, every private key, the ssh-agent, key pairs, instances and the relay, and changes nothing; \
            where a profile of the AWS tools is in force, at its credentials, and whether EC2 and Session Manager answer. Ends \
            with 1 if something needs fixing.
            """
    )

    @OptionGroup var show: ShowOptions
    @OptionGroup(visibility: .hidden) var control: ControlOptions

    func run() throws {
        let findings = HealthCheck(access: control.access()).findings()
        switch show.output {
        case .json: try Output.print(json: findings)
        case .table: Output.print(findings.flatMap(Doctor.lines).joined(separator: "\n"))
        }
        if findings.contains(where: { $0.severity == .problem }) { throw ExitCode(1) }
    }

    private static func lines(_ finding: Finding) -> [String] {
        let mark =
            switch finding.severity {
            case .fine: "+"
            case .note: "?"
            case .problem: "-"
            }
        let subject = finding.subject.rawValue.padded(to: 9)
        let indent = String(repeating: " ", count: 13)
        return ["\(mark) \(subject)  \(finding.message)"] + [finding.hint].compactMap { $0 }.map { indent + $0 }
    }
}
