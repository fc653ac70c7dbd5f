// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// Finding the key that fits among very many.
struct Resolution {
    private static let state = "resolution"
    private static let count = 10_000
    /// They take a while to make.
    private static let rsaCount = 200

    let workshop: Workshop
    let report: Report

    func run() throws {
        try prepare()
        report.section(
            "the key among \(Resolution.count) private keys (\(Resolution.rsaCount) RSA), median (least–greatest)"
        )
        let index = "\(workshop.folder)/\(Resolution.state)/key-index"
        func forget() { unlink(index) }
        let cases = [("fits", "a key fits"), ("lacks", "no key fits")]
        for (name, words) in cases {
            let explain = workshop.latchkey("explain", name, "--offline", state: Resolution.state)
            report.measure("explain, first time, \(words)", try workshop.times(5, explain, prepare: forget), aim: 2000)
            report.measure("explain, later, \(words)", try workshop.times(20, explain), aim: 30)
        }
        // Nothing listens at its port: the key is resolved before the instance is reached for.
        for (name, words) in cases {
            let connect = workshop.latchkey("connect", "-v", name, "--", "true", state: Resolution.state, expected: 255)
            func resolution(_ run: Command.Run) throws -> Double {
                try run.step("proved to belong") - run.step("instance i-")
            }
            let first = try workshop.times(5, connect, prepare: forget, figure: resolution)
            report.measure("connect, its resolution alone, first time, \(words)", first, aim: 2000)
            let later = try workshop.times(20, connect, figure: resolution)
            report.measure("connect, its resolution alone, later, \(words)", later, aim: 30)
        }
    }

    private func prepare() throws {
        _ = try workshop.makeFolder(Resolution.state)
        let folder = try workshop.makeFolder("\(Resolution.state)/keys")
        for number in 0..<(Resolution.count - 1) {
            try Interruption.check()
            let text =
                try number % (Resolution.count / Resolution.rsaCount) == 0 ? KeyMaterial.rsa() : KeyMaterial.ed25519()
            _ = try workshop.write(text, to: "\(Resolution.state)/keys/key-\(number).pem")
        }
        for name in ["fits", "lacks"] {
            try workshop.run(workshop.latchkey("key", "create", name, state: Resolution.state))
            try workshop.run(
                workshop.latchkey(
                    "instance",
                    "add",
                    name,
                    "--address",
                    "127.0.0.1:1",
                    "--user",
                    "admin",
                    "--key",
                    name,
                    state: Resolution.state
                )
            )
        }
        unlink("\(folder)/lacks.pem")
        // The index does not rely on a file's time stamp before that is two seconds old.
        usleep(2_500_000)
    }
}
