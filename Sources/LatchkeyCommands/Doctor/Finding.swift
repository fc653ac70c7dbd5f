// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel

/// One thing that was looked at.
struct Finding: Encodable, Equatable {
    enum Severity: String, Encodable { case fine, note, problem }
    enum Subject: String, Encodable {
        case home, store, settings, key, agent, account, keyPair, instance, relay
    }

    let severity: Severity
    let subject: Subject
    /// In words that are safe for a terminal, as is the hint.
    let message: String
    let hint: String?

    init(_ severity: Severity, _ subject: Subject, _ message: String, hint: String? = nil) {
        (self.severity, self.subject, self.message, self.hint) = (severity, subject, message, hint)
    }
}
