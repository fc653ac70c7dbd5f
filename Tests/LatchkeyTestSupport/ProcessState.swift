// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// What processes do at a moment (proc(5)).
package enum ProcessState {
    /// Whether each thread of these processes waits for something. One that does not is running, or would be if a processor were
    /// free, however busy the machine is.
    package static func isAsleep(_ processes: [pid_t]) -> Bool {
        processes.allSatisfy { process in
            let folder = "/proc/\(process)/task"
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return threads.allSatisfy { thread in
                guard let text = try? String(contentsOfFile: "\(folder)/\(thread)/stat", encoding: .utf8) else {
                    return true
                }
                // Behind the name, which may have anything in it.
                return text.split(separator: ")").last?.split(separator: " ").first != "R"
            }
        }
    }

    /// Waits until processes have nothing to do: at many moments in a row they sleep. One that loops without waiting never does.
    package static func waitUntilIdle(_ what: String, _ processes: () throws -> [pid_t]) throws {
        var inARow = 0
        try TestRelay.wait(for: "\(what) to have nothing to do") {
            let found = try processes()
            repeat {
                guard !found.isEmpty, isAsleep(found) else {
                    inARow = 0
                    return false
                }
                inARow += 1
                usleep(5000)
            } while inARow < 100
            return true
        }
    }
}
