// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A program that is spoken to while it runs.
final class Conversation {
    private let process: pid_t
    private var input: Int32
    private let output: Int32

    init(process: pid_t, input: Int32, output: Int32) {
        self.process = process
        self.input = input
        self.output = output
    }

    deinit {
        close(input)
        close(output)
        kill(process, SIGTERM)
        Command.wait(for: process)
    }

    /// Sends a byte and waits for the next one that comes back.
    ///
    /// - Returns: milliseconds.
    func echo() throws -> Double {
        let start = Command.now()
        var byte: UInt8 = 0x61
        guard write(input, &byte, 1) == 1 else { throw Command.Failure(description: "the program reads no more") }
        try hear()
        return Command.now() - start
    }

    /// Waits for output.
    func hear() throws {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var wait = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, 30_000) == 1, read(output, &bytes, bytes.count) > 0 else {
            throw Command.Failure(description: "the program says nothing more")
        }
    }
}
