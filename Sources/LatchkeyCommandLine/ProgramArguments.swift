// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
internal import LatchkeySystem

/// What this process was called with. Words and paths are text here: bytes that are not UTF-8 would become other ones on the
/// way, and name another file.
package enum ProgramArguments {
    /// The arguments behind the program's name.
    ///
    /// - Throws: `usage` if one of them, or a variable that is used, is not UTF-8.
    package static func checked() throws(LatchkeyError) -> [String] {
        var arguments: [String] = []
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let pointer = CommandLine.unsafeArgv[index] else { break }
            let bytes = UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map { UInt8(bitPattern: $0) }
            guard let argument = String(validating: bytes, as: UTF8.self) else {
                throw LatchkeyError(
                    .usage,
                    "the argument '\(String(escaping: bytes))' is not UTF-8, and would become another word",
                    hint: "give such bytes over the input: latchkey connect NAME -- sh -s <SCRIPT"
                )
            }
            arguments.append(argument)
        }
        if let (name, bytes) = Environment.malformed() {
            throw LatchkeyError(
                .usage,
                "the variable \(name) is not UTF-8: '\(String(escaping: bytes))'",
                hint: "name a path that is: \(name)=PATH"
            )
        }
        return arguments
    }
}
