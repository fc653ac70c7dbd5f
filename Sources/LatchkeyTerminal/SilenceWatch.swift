// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// When a silent peer is asked for a sign of life, and when it is taken for dead.
package struct SilenceWatch: Sendable {
    package enum Verdict: Equatable, Sendable {
        case waiting, ask
        /// Nothing has come for so many seconds, whatever was asked.
        case gone(seconds: Int)
    }

    /// Seconds.
    private let interval: Int
    private let limit: Int
    private var lastHeard = SystemClock.seconds()
    private var questions = 0

    /// - Parameters:
    ///   - interval: seconds of silence before each question.
    ///   - limit: so many questions unanswered, and the peer is gone.
    package init(interval: Int = 15, limit: Int = 3) {
        self.interval = interval
        self.limit = limit
    }

    /// Something came, or nothing can.
    package mutating func heard() {
        lastHeard = SystemClock.seconds()
        questions = 0
    }

    /// What is to be done now. Each question is counted.
    package mutating func check() -> Verdict {
        guard SystemClock.seconds() >= next else { return .waiting }
        guard questions < limit else { return .gone(seconds: SystemClock.seconds() - lastHeard) }
        questions += 1
        return .ask
    }

    private var next: Int { lastHeard + interval * (questions + 1) }

    /// Milliseconds until ``check()`` may say something else.
    package var waitTime: Int { max(0, next - SystemClock.seconds()) * 1000 }
}
