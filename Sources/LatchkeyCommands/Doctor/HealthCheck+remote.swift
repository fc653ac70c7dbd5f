// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeyRemote
internal import LatchkeyTransport

extension HealthCheck {
    /// What a connection depends on where a profile is in force: its settings and credentials, and the services that are asked
    /// with them. What cannot be had hides what would come after it.
    func remote(_ library: KeyLibrary) -> [Finding] {
        var findings: [Finding] = []
        var subject = Finding.Subject.settings
        do {
            guard let plane = try access.remote else { return [] }
            let service = plane.service
            let name = service.settings.profileName.terminalSafe
            let by = service.settings.choice.source.message
            let endpoint = service.address.httpOrigin.terminalSafe
            findings.append(
                Finding(.fine, .settings, "the profile '\(name)', \(by), asks EC2 at \(endpoint), in \(service.region)")
            )
            subject = .account
            findings.append(HealthCheck.finding(try service.credentials()))
            subject = .keyPair
            let pairs = try plane.keyPairs()
            findings.append(
                Finding(.fine, .keyPair, "EC2 answers, and has \(pairs.count) key pair\(pairs.count == 1 ? "" : "s")")
            )
            findings += away(pairs, library)
            subject = .instance
            _ = try plane.instances(matching: .tag(key: "Name", value: "latchkey doctor"), limit: 1)
            findings.append(Finding(.fine, .instance, "EC2 shows its instances"))
            findings.append(HealthCheck.finding(of: service))
        } catch let error as LatchkeyError {
            findings.append(Finding(.problem, subject, error.message, hint: error.hint))
        } catch {
            findings.append(Finding(.problem, subject, "\(error)".terminalSafe))
        }
        return findings
    }

    private static func finding(_ found: ExpiringCredentials) -> Finding {
        let end = found.expiration.map { ", good until \($0.ISO8601Format())" } ?? ""
        return Finding(.fine, .account, "there are credentials (\(found.method))\(end)")
    }

    /// Whether there is a road by the relay.
    private static func finding(of service: RemoteService) -> Finding {
        let name = service.isAmazon ? "Session Manager" : "the relay"
        do throws(ServiceFailure) {
            _ = try service.sessions.call(DescribeSessions(state: "Active", maxResults: 1), timeout: 5000)
            return Finding(.fine, .relay, "\(name) answers, and knows you")
        } catch {
            return Finding(
                .note,
                .relay,
                "\(name) does not tell its sessions: \(error.message)",
                hint: "only SSH may be a road then; a policy has to allow ssm:StartSession and ssm:DescribeSessions"
            )
        }
    }
}
