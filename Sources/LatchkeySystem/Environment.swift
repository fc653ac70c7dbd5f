// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What the process's surroundings say.
package enum Environment {
    /// The folder in which this program's file lies; nil where the system does not tell.
    package static var executableFolder: String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return nil }
        let path = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) }
    }

    /// A variable; nil if it is not set or empty.
    package static func value(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A variable that Latchkey asks for and whose value is not UTF-8; nil if there is none.
    package static func malformed() -> (name: String, value: [UInt8])? {
        var cursor = environ
        while let entry = cursor.pointee {
            cursor += 1
            let bytes = UnsafeBufferPointer(start: entry, count: strlen(entry)).map { UInt8(bitPattern: $0) }
            guard let end = bytes.firstIndex(of: UInt8(ascii: "=")), bytes.contains(where: { $0 >= 0x80 }) else {
                continue
            }
            let name = String(decoding: bytes[..<end], as: UTF8.self)
            let value = Array(bytes[(end + 1)...])
            if isAskedFor(name), String(validating: value, as: UTF8.self) == nil { return (name, value) }
        }
        return nil
    }

    private static func isAskedFor(_ name: String) -> Bool {
        ["LATCHKEY_", "AWS_", "DOCKER_"].contains { name.hasPrefix($0) }
            || ["HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR"].contains(name)
            || name.lowercased().hasSuffix("_proxy")
    }

    /// The user's home folder, from `HOME` or else the user database.
    package static var home: String {
        value("HOME") ?? getpwuid(geteuid()).map { String(cString: $0.pointee.pw_dir) } ?? "/"
    }

    /// The home folder of a user of this machine; nil if there is no such user.
    package static func home(of user: String) -> String? {
        getpwnam(user).map { String(cString: $0.pointee.pw_dir) }
    }

    /// The local user's name, as ssh takes it where none is given.
    package static var userName: String {
        getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? value("USER") ?? "root"
    }

    /// This machine's name; `localhost` if it has none.
    package static var hostName: String {
        // HOST_NAME_MAX is 64; gethostname need not end a longer name with a zero.
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.isEmpty ? "localhost" : text
    }
}
