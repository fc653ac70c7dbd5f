// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCrypto
internal import LatchkeyHome
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySQLite
internal import LatchkeySSH
internal import LatchkeySystem
internal import LatchkeyTransport

/// Looks at everything that a connection depends on, on this machine.
struct HealthCheck {
    let access: ControlAccess
    var home: Home { access.home }

    func findings() -> [Finding] {
        var findings = folder()
        do {
            let library = try home.library(home.agent, isQuiet: true)
            let isConfigured = Glibc.access(home.configurationPath, F_OK) == 0
            let settings =
                isConfigured ? "'\(home.configurationPath.terminalSafe)' is understood" : "all are at their defaults"
            findings.append(Finding(.fine, .settings, settings))
            for case (let path, let fault?) in try home.keyFolders() {
                findings.append(
                    Finding(
                        .problem,
                        .settings,
                        "the key folder '\(path.terminalSafe)' cannot be read: \(fault)",
                        hint: "fix it, or take it out of '\(home.configurationPath.terminalSafe)'"
                    )
                )
            }
            findings += keys(library)
            findings += agent()
            guard access.isLocal else { return findings + remote(library) }
            let store = try home.storeToRead()
            findings += try registered(store, library)
            findings += try relay()
            findings += certificates()
        } catch let error as LatchkeyError {
            let subject: Finding.Subject = error.code == .configurationInvalid ? .settings : .store
            findings.append(Finding(.problem, subject, error.message, hint: error.hint))
        } catch {
            findings.append(Finding(.problem, .store, "\(error)".terminalSafe))
        }
        return findings
    }

    /// Whether others can get at what Latchkey keeps.
    private func folder() -> [Finding] {
        let shown = "'\(home.data.terminalSafe)'"
        var status = stat()
        guard stat(home.data, &status) == 0 else {
            return [Finding(.note, .home, "\(shown) is not there yet; it is made at the first use")]
        }
        guard status.st_mode & 0o022 == 0 else {
            return [
                Finding(.problem, .home, "\(shown) can be written by others", hint: "chmod 700 \(shown)")
            ]
        }
        guard status.st_uid == geteuid() else { return [Finding(.problem, .home, "\(shown) belongs to another user")] }
        guard status.st_mode & 0o044 == 0 else {
            return [Finding(.note, .home, "\(shown) can be read by others", hint: "chmod 700 \(shown)")]
        }
        return [Finding(.fine, .home, "\(shown) is yours alone")]
    }

    private func keys(_ library: KeyLibrary) -> [Finding] {
        let survey = library.survey()
        var findings = survey.usable.compactMap { weakness(of: $0.candidate, $0.description) }
        findings += survey.faulty.compactMap { candidate in
            guard let fault = candidate.fault else { return nil }
            let hint = fault.hint(path: candidate.path ?? "")
            guard case .unsupported(let kind) = fault else {
                return Finding(.problem, .key, "\(candidate.label) \(fault.reason)", hint: hint)
            }
            let isWeak = kind == "a DSA key" || kind.hasPrefix("an RSA key of")
            return Finding(
                isWeak ? .problem : .note,
                .key,
                "\(candidate.label) \(fault.reason)",
                hint: isWeak ? "it protects nothing any more; what it still opens needs another key" : hint
            )
        }
        if survey.unnamed > 0 {
            let files =
                survey.unnamed == 1
                ? "1 file in a key folder has a name" : "\(survey.unnamed) files in key folders have names"
            findings.append(
                Finding(
                    .note,
                    .key,
                    "\(files) in another encoding than UTF-8, and cannot be used",
                    hint: "rename it: mv"
                )
            )
        }
        let count = survey.usable.count
        let hidden = survey.usable.count { $0.description.publicKey == nil }
        if hidden > 0 {
            findings.append(
                Finding(
                    .note,
                    .key,
                    "\(hidden) key\(hidden == 1 ? " hides" : "s hide") the public half behind a passphrase, and can only be "
                        + "found by name",
                    hint: "latchkey key convert FILE OUT --format openssh makes a form that shows it"
                )
            )
        }
        findings.insert(
            Finding(.fine, .key, "\(count) private key\(count == 1 ? " is" : "s are") here and can be read"),
            at: 0
        )
        return findings
    }

    /// When PuTTY 0.81 came, which mended how it signs with keys on P-521 (CVE-2024-31497): 15 April 2024.
    private static let puttyMended = Date(timeIntervalSince1970: 1_713_139_200)

    private func weakness(of candidate: KeyCandidate, _ description: KeyDescription) -> Finding? {
        guard let key = description.publicKey else { return nil }
        if key.typeName == "rsa", let bits = key.bits, bits < 2048 {
            return Finding(
                .problem,
                .key,
                "\(candidate.label) is an RSA key of \(bits) bits, which is too weak",
                hint: "latchkey key create NEW, then latchkey key replace NAME --with NEW"
            )
        }
        guard key.algorithm == "ecdsa-sha2-nistp521", let path = candidate.path else { return nil }
        let isPuTTYs = description.format == .ppk || description.format == .ppk2
        var status = stat()
        let modified = stat(path, &status) == 0 ? Date(timeIntervalSince1970: Double(status.st_mtim.tv_sec)) : Date()
        guard isPuTTYs || modified < HealthCheck.puttyMended else { return nil }
        return Finding(
            isPuTTYs ? .problem : .note,
            .key,
            "\(candidate.label) is on P-521: PuTTY 0.68 to 0.80 gave such keys away, some bits with each signature "
                + "(CVE-2024-31497)",
            hint: "if one of those ever signed with it, replace it: latchkey key replace NAME --with NEW"
        )
    }

    private func agent() -> [Finding] {
        guard let agent = home.agent else { return [Finding(.fine, .agent, "no ssh-agent is named by SSH_AUTH_SOCK")] }
        do throws(SSHAgentError) {
            let count = try agent.identities().count
            return [Finding(.fine, .agent, "the ssh-agent holds \(count) key\(count == 1 ? "" : "s")")]
        } catch {
            return [
                Finding(
                    .note,
                    .agent,
                    "SSH_AUTH_SOCK names '\(agent.path.terminalSafe)', where no ssh-agent answers",
                    hint: "unset it, or start one: eval \"$(ssh-agent)\""
                )
            ]
        }
    }

    /// Whether the relay answers, and knows this user.
    private func relay() throws -> [Finding] {
        guard let service = try home.relay()?.service else {
            return [Finding(.fine, .relay, "no relay was set up for this home; only SSH is a road then")]
        }
        let origin = service.endpoint.address.httpOrigin.terminalSafe
        do throws(ServiceFailure) {
            _ = try service.call(DescribeSessions(state: "Active", maxResults: 1), timeout: 5000)
            var copies = DescribeInstanceInformation()
            copies.filters = [DescribeInstanceInformation.Filter(key: "LatchkeyCopied", values: ["true"])]
            let found = try service.call(copies, timeout: 5000).instanceInformationList.records
            return [Finding(.fine, .relay, "the relay at \(origin) answers, and knows you")]
                + found.map { copy in
                    Finding(
                        .problem,
                        .instance,
                        "a second machine uses the registration of '\((copy.name ?? copy.instanceId).terminalSafe)', and is "
                            + "turned away",
                        hint: "one is a copy of the other: remove the state folder of its agent, and register it anew"
                    )
                }
        } catch .unreachable(let error) {
            return [
                Finding(
                    .note,
                    .relay,
                    "the relay at \(origin) does not answer: \(error.message)",
                    hint: "start it: latchkeyd run"
                )
            ]
        } catch {
            return [
                Finding(
                    .problem,
                    .relay,
                    "the relay at \(origin) does not let you in: \(error.message)",
                    hint: "latchkeyd init"
                )
            ]
        }
    }

    /// Whether the certificates of a latchkeyd of this home are good for a while yet.
    private func certificates() -> [Finding] {
        let folder = StateFolders.current.certificates
        return [
            ("server.pem", "latchkeyd run renews it, if the authority's key is there; else latchkeyd init"),
            (
                "ca.pem",
                "move it away for latchkeyd init to make another authority, and give that to agents and clients"
            ),
        ]
        .compactMap { name, hint in
            let path = "\(folder)/\(name)"
            guard let content = try? StateFile.read(path) else { return nil }
            let shown = "the certificate '\(path.terminalSafe)'"
            do throws(LatchkeyError) {
                let description = try CertificateDescription(String(decoding: content, as: UTF8.self))
                let (now, end) = (Date(), description.notAfter.ISO8601Format())
                if now >= description.notAfter {
                    return Finding(.problem, .relay, "\(shown) expired at \(end)", hint: hint)
                }
                // What renews it does so at that time at the latest.
                return now < description.renewal.addingTimeInterval(24 * 3600)
                    ? Finding(.fine, .relay, "\(shown) is good until \(end)")
                    : Finding(.problem, .relay, "\(shown) expires at \(end)", hint: hint)
            } catch {
                return Finding(.problem, .relay, "\(shown) cannot be read: \(error.message)", hint: hint)
            }
        }
    }

    private func registered(_ store: SQLiteStore, _ library: KeyLibrary) throws -> [Finding] {
        let (pairs, instances) = (try store.keyPairs(), try store.instances().filter { $0.state != .terminated })
        var findings = [
            Finding(
                .fine,
                .store,
                "\(pairs.count) key pair\(pairs.count == 1 ? "" : "s") and \(instances.count) "
                    + "instance\(instances.count == 1 ? "" : "s") are registered"
            )
        ]
        findings += away(pairs, library)
        let names = Set(pairs.map(\.name))
        let stale = instances.filter { $0.keyName.map { !names.contains($0) } == true }
        if !stale.isEmpty {
            findings.append(
                Finding(
                    .note,
                    .instance,
                    "key pairs that are not registered are noted for \(HealthCheck.list(stale.map(\.displayName)))",
                    hint: "latchkey key import NAME FILE registers one"
                )
            )
        }
        let open = instances.filter(\.hostKeys.isEmpty)
        if !open.isEmpty {
            findings.append(
                Finding(
                    .note,
                    .instance,
                    "no host key is pinned for \(HealthCheck.list(open.map(\.displayName)))",
                    hint: "latchkey instance trust NAME --host-keys-from FILE pins them"
                )
            )
        }
        return findings
    }

    /// Key pairs that open nothing from here.
    func away(_ pairs: [KeyPair], _ library: KeyLibrary) -> [Finding] {
        let away = pairs.filter { library.candidates(for: $0.publicKey).isEmpty }
        guard !away.isEmpty else { return [] }
        let names = HealthCheck.list(away.map(\.name))
        return [Finding(.note, .keyPair, "not on this machine are the private halves of \(names)")]
    }

    /// Some of the names, and how many more there are.
    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).map { "'\($0.terminalSafe)'" }.joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }
}
