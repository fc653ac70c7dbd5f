// SPDX-License-Identifier: Apache-2.0

import LatchkeyBroker
import LatchkeyModel
import LatchkeySystem
import Synchronization

/// A person who gives one answer to every question; nil for none at all.
final class FakeInteraction: Interaction {
    private let answer: Bool?
    private let heard = Mutex<(notes: [String], questions: [String])>(([], []))

    init(answer: Bool? = nil) { self.answer = answer }

    var notes: [String] { heard.withLock { $0.notes } }
    var questions: [String] { heard.withLock { $0.questions } }

    func note(_ message: String) { heard.withLock { $0.notes.append(message) } }

    func banner(_ lines: [String]) {}

    func passphrase(_ question: String) throws -> Secret? { nil }

    func confirm(_ question: String) throws -> Bool? {
        heard.withLock { $0.questions.append(question) }
        return answer
    }
}
