// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An interrupt from the keyboard or a supervisor: noticed between two runs, so that all is cleaned up on the way out.
enum Interruption {
    struct Interrupted: Error {}

    private nonisolated(unsafe) static var isRequested: sig_atomic_t = 0

    static func watch() {
        // A reader that has gone away (SIGPIPE), too: caught rather than ignored, which would be passed on.
        for number in [SIGHUP, SIGINT, SIGPIPE, SIGTERM] {
            signal(number) { _ in Interruption.isRequested = 1 }
        }
    }

    static func check() throws {
        if isRequested != 0 { throw Interrupted() }
    }
}
