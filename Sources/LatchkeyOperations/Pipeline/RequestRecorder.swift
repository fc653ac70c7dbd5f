// SPDX-License-Identifier: Apache-2.0

/// Hears of every request that was decided, done or refused. It waits for nothing.
protocol RequestRecorder: Sendable {
    func record(_ record: RequestRecord, _ outcome: RequestRecord.Outcome)
}
