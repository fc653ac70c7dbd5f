// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The import table of ARCHITECTURE.md, held.
struct ImportTests {
    /// What each module may import of the project and of other packages; the standard library and Foundation are free.
    private static let allowed: [String: Set<String>] = [
        "LatchkeyModel": [],
        "LatchkeySystem": ["CMemory", "CTerminal", "LatchkeyModel"],
        "LatchkeyAuthorization": ["LatchkeyModel"],
        "LatchkeyCrypto": ["CLibCrypto", "LatchkeyModel", "LatchkeySystem"],
        "LatchkeyTerminal": ["CTerminal", "LatchkeyModel", "LatchkeySystem"],
        "LatchkeyTransport": ["CLibSSL", "LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem"],
        "LatchkeyAPI": ["LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem", "LatchkeyTransport"],
        "LatchkeySessionProtocol": ["LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem", "LatchkeyTransport"],
        "LatchkeyRelayClient": [
            "LatchkeyAPI", "LatchkeyModel", "LatchkeySessionProtocol", "LatchkeySystem", "LatchkeyTerminal",
            "LatchkeyTransport",
        ],
        "LatchkeyAgent": [
            "CProcess", "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyModel", "LatchkeySessionProtocol", "LatchkeySystem",
            "LatchkeyTransport",
        ],
        "LatchkeySSH": [
            "CLibSSH", "LatchkeyKeys", "LatchkeyModel", "LatchkeySystem", "LatchkeyTerminal", "LatchkeyTransport",
        ],
        "LatchkeyKeys": [
            "CLibArgon2", "CLibCrypto", "LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem", "LatchkeyTransport",
        ],
        "LatchkeyHome": ["LatchkeyAPI", "LatchkeyModel", "LatchkeySystem", "LatchkeyTransport"],
        "LatchkeyStore": ["LatchkeyModel"],
        "LatchkeySQLite": [
            "GRDB", "LatchkeyCrypto", "LatchkeyHome", "LatchkeyModel", "LatchkeyStore", "LatchkeySystem",
        ],
        "LatchkeyRemote": [
            "CLibExpat", "CTerminal", "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem",
            "LatchkeyTransport",
        ],
        "LatchkeyMetrics": ["CoreMetrics", "LatchkeyModel", "LatchkeySystem"],
        "LatchkeyHTTP": [
            "CoreMetrics", "CLibSSL", "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyModel",
            "LatchkeySystem",
            "LatchkeyTransport", "Logging", "NIOCore", "NIOHTTP1", "NIOPosix",
        ],
        "LatchkeyRelay": [
            "CoreMetrics", "LatchkeyAuthorization", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyMetrics",
            "LatchkeyModel",
            "LatchkeySessionProtocol", "LatchkeySystem", "LatchkeyTransport", "Logging", "NIOCore",
        ],
        "LatchkeyOperations": [
            "CoreMetrics", "LatchkeyAPI", "LatchkeyAuthorization", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyKeys",
            "LatchkeyMetrics",
            "LatchkeyModel", "LatchkeyRelay", "LatchkeySessionProtocol", "LatchkeyStore", "LatchkeySystem", "Logging",
            "NIOConcurrencyHelpers", "NIOCore", "NIOHTTP1", "NIOPosix",
        ],
        "LatchkeyLaunching": [
            "LatchkeyAuthorization", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyHome", "LatchkeyModel",
            "LatchkeyOperations", "LatchkeyStore", "LatchkeySystem", "LatchkeyTransport", "Logging", "NIOCore",
            "NIOHTTP1",
        ],
        "LatchkeyConsole": ["LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyModel", "LatchkeySystem", "NIOHTTP1"],
        "LatchkeyServer": [
            "CoreMetrics", "LatchkeyAuthorization", "LatchkeyConsole", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyHome",
            "LatchkeyLaunching",
            "LatchkeyMetrics", "LatchkeyModel", "LatchkeyOperations", "LatchkeyRelay", "LatchkeySQLite",
            "LatchkeySessionProtocol", "LatchkeyStore", "LatchkeySystem", "LatchkeyTransport", "Logging", "NIOCore",
            "NIOHTTP1", "NIOPosix",
        ],
        "LatchkeyBroker": [
            "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyKeys", "LatchkeyModel", "LatchkeyRelayClient", "LatchkeySSH",
            "LatchkeySessionProtocol", "LatchkeySystem", "LatchkeyTerminal", "LatchkeyTransport",
        ],
        "LatchkeyCommandLine": ["ArgumentParser", "LatchkeyModel", "LatchkeySystem"],
        "LatchkeyCommands": [
            "ArgumentParser", "LatchkeyAPI", "LatchkeyBroker", "LatchkeyCommandLine", "LatchkeyCrypto",
            "LatchkeyHome", "LatchkeyKeys", "LatchkeyModel", "LatchkeyRelayClient", "LatchkeyRemote", "LatchkeySQLite",
            "LatchkeySSH", "LatchkeySessionProtocol", "LatchkeyStore", "LatchkeySystem", "LatchkeyTerminal",
            "LatchkeyTransport",
        ],
        "latchkey": ["LatchkeyCommands"],
        "latchkeyd": [
            "ArgumentParser", "LatchkeyAPI", "LatchkeyCommandLine", "LatchkeyConsole", "LatchkeyCrypto", "LatchkeyHTTP",
            "LatchkeyHome",
            "LatchkeyModel", "LatchkeyOperations", "LatchkeySQLite", "LatchkeyServer", "LatchkeyStore",
            "LatchkeySystem", "Logging",
        ],
        "latchkey-agent": [
            "ArgumentParser", "LatchkeyAgent", "LatchkeyCommandLine", "LatchkeyModel", "LatchkeySystem",
        ],
    ]
    /// The full Foundation costs each start of the program milliseconds, so the sources keep to the essentials.
    private static let free: Set<String> = ["Glibc", "FoundationEssentials", "Synchronization"]

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func sources(of module: String, in parent: String = "Sources") throws -> [URL] {
        let folder = root.appendingPathComponent("\(parent)/\(module)")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
    }

    private static func imports(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .compactMap { line in
                let words = line.split(separator: " ")
                guard let position = words.firstIndex(of: "import"), position <= 1, words.count > position + 1,
                    !line.hasPrefix("//")
                else { return nil }
                return String(words[position + 1])
            }
    }

    @Test func `every module is in the table`() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appendingPathComponent("Sources").path
        )
        #expect(Set(folders.filter { !$0.hasPrefix("C") }) == Set(Self.allowed.keys))
    }

    @Test(arguments: Array(allowed.keys)) func `a module imports only what the table allows`(module: String) throws {
        let files = try Self.sources(of: module)
        #expect(!files.isEmpty)
        for file in files {
            for name in try Self.imports(of: file) {
                #expect(
                    Self.free.contains(name) || Self.allowed[module]?.contains(name) == true,
                    "\(file.lastPathComponent) imports \(name)"
                )
            }
        }
    }

    @Test(arguments: Array(allowed.keys)) func `nothing is public`(module: String) throws {
        for file in try Self.sources(of: module) {
            let text = try String(contentsOf: file, encoding: .utf8)
            let declaration =
                /(?m)^ *public (final|struct|class|enum|actor|protocol|extension|func|var|let|init|static)/
            #expect(!text.contains(declaration), "\(file.lastPathComponent)")
        }
    }

    /// In a tree that was built before, a module that is not named is found all the same, and in a new clone it is not.
    @Test func `tests import only what Package swift names for them`() throws {
        let manifest = try String(contentsOf: Self.root.appendingPathComponent("Package.swift"), encoding: .utf8)
        let modules = Set(Self.allowed.keys).union(["LatchkeyTestSupport"])
        let targets = manifest.matches(of: /\.testTarget\(\s*name: "(\w+)",\s*dependencies: \[([^\]]*)\]/)
        #expect(targets.count == manifest.split(separator: ".testTarget(").count - 1)
        for target in targets {
            let named = Set(target.output.2.matches(of: /"([\w-]+)"/).map { String($0.output.1) })
            let files = try Self.sources(of: String(target.output.1), in: "Tests")
            #expect(!files.isEmpty)
            for file in files {
                let unnamed = try Set(Self.imports(of: file)).intersection(modules).subtracting(named)
                #expect(unnamed.isEmpty, "\(target.output.1)/\(file.lastPathComponent)")
            }
        }
    }
}
