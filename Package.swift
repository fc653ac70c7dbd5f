// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "latchkey",
    products: [
        .executable(name: "latchkey", targets: ["latchkey"]),
        .executable(name: "latchkeyd", targets: ["latchkeyd"]),
        .executable(name: "latchkey-agent", targets: ["latchkey-agent"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        // C: modulemaps, and one file of code that must be safe inside a signal handler.
        .systemLibrary(name: "CLibSSH", pkgConfig: "libssh", providers: [.apt(["libssh-dev"])]),
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(name: "CLibExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CMemory"),
        .target(name: "CTerminal"),
        .target(name: "CProcess"),

        .target(name: "LatchkeyModel", dependencies: ["CMemory"]),
        .target(name: "LatchkeyCrypto", dependencies: ["CLibCrypto", "LatchkeyModel"]),
        .target(name: "LatchkeyTerminal", dependencies: ["CTerminal", "LatchkeyModel"]),
        .target(name: "LatchkeyTransport", dependencies: ["CLibSSL", "LatchkeyCrypto", "LatchkeyModel"]),
        .target(name: "LatchkeyAPI", dependencies: ["LatchkeyCrypto", "LatchkeyModel", "LatchkeyTransport"]),
        .target(
            name: "LatchkeyRelay",
            dependencies: ["LatchkeyAPI", "LatchkeyCrypto", "LatchkeyModel", "LatchkeyTerminal", "LatchkeyTransport"]
        ),
        .target(
            name: "LatchkeyAgent",
            dependencies: [
                "CProcess", "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyModel", "LatchkeyRelay",
                "LatchkeyTerminal", "LatchkeyTransport",
            ]
        ),
        .target(
            name: "LatchkeySSH",
            dependencies: ["CLibSSH", "LatchkeyModel", "LatchkeyTerminal", "LatchkeyTransport"],
            swiftSettings: [.strictMemorySafety()]
        ),
        .target(
            name: "LatchkeyKeys",
            dependencies: ["CLibArgon2", "CLibCrypto", "LatchkeyCrypto", "LatchkeyModel", "LatchkeySSH"]
        ),
        .target(
            name: "LatchkeyControl",
            dependencies: ["LatchkeyCrypto", "LatchkeyModel", .product(name: "GRDB", package: "GRDB.swift")]
        ),
        .target(
            name: "LatchkeyRemote",
            dependencies: [
                "CLibExpat", "CTerminal", "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyModel", "LatchkeyTransport",
            ]
        ),
        .target(
            name: "LatchkeyServer",
            dependencies: [
                "CLibSSL", "LatchkeyAPI", "LatchkeyControl", "LatchkeyCrypto", "LatchkeyKeys", "LatchkeyModel",
                "LatchkeyRelay", "LatchkeyTransport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .target(
            name: "LatchkeyBroker",
            dependencies: [
                "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyKeys", "LatchkeyModel", "LatchkeyRelay", "LatchkeySSH",
                "LatchkeyTerminal", "LatchkeyTransport",
            ]
        ),
        .target(
            name: "LatchkeyCommandLine",
            dependencies: [
                "LatchkeyModel", "LatchkeyTerminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .target(
            name: "LatchkeyCommands",
            dependencies: [
                "LatchkeyAPI", "LatchkeyBroker", "LatchkeyCommandLine", "LatchkeyControl", "LatchkeyCrypto",
                "LatchkeyKeys", "LatchkeyModel", "LatchkeyRelay", "LatchkeyRemote", "LatchkeySSH", "LatchkeyTerminal",
                "LatchkeyTransport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(name: "latchkey", dependencies: ["LatchkeyCommands"]),
        .executableTarget(
            name: "latchkeyd",
            dependencies: [
                "LatchkeyCommandLine", "LatchkeyControl", "LatchkeyCrypto", "LatchkeyModel", "LatchkeyServer",
                "LatchkeyTerminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .executableTarget(
            name: "latchkey-agent",
            dependencies: [
                "LatchkeyAgent", "LatchkeyCommandLine", "LatchkeyModel", "LatchkeyTerminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),

        .target(
            name: "LatchkeyTestSupport",
            dependencies: ["LatchkeyModel", "LatchkeyControl"],
            path: "Tests/LatchkeyTestSupport"
        ),
        .testTarget(name: "ArchitectureTests", dependencies: ["LatchkeyTestSupport"]),
        .testTarget(name: "LatchkeyModelTests", dependencies: ["LatchkeyModel", "LatchkeyTestSupport"]),
        .testTarget(
            name: "LatchkeyCryptoTests",
            dependencies: ["LatchkeyCrypto", "LatchkeyModel", "LatchkeyTestSupport"]
        ),
        .testTarget(
            name: "LatchkeyAPITests",
            dependencies: [
                "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyModel", "LatchkeyTestSupport", "LatchkeyTransport",
            ]
        ),
        .testTarget(
            name: "LatchkeyTransportTests",
            dependencies: ["LatchkeyModel", "LatchkeyTestSupport", "LatchkeyTransport"]
        ),
        .testTarget(
            name: "LatchkeyRelayTests",
            dependencies: [
                "LatchkeyAPI", "LatchkeyModel", "LatchkeyRelay", "LatchkeyTestSupport", "LatchkeyTransport",
            ],
            exclude: ["Fixtures"]
        ),
        .testTarget(
            name: "LatchkeyAgentTests",
            dependencies: [
                "LatchkeyAgent", "LatchkeyCrypto", "LatchkeyModel", "LatchkeyRelay", "LatchkeyTestSupport",
                "LatchkeyTransport",
            ]
        ),
        .testTarget(
            name: "LatchkeyServerTests",
            dependencies: [
                "LatchkeyAPI", "LatchkeyControl", "LatchkeyCrypto", "LatchkeyModel", "LatchkeyRelay", "LatchkeyServer",
                "LatchkeyTestSupport", "LatchkeyTransport", "latchkey", "latchkey-agent", "latchkeyd",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(name: "LatchkeyTerminalTests", dependencies: ["LatchkeyTerminal"]),
        .testTarget(
            name: "LatchkeySSHTests",
            dependencies: [
                "LatchkeyModel", "LatchkeySSH", "LatchkeyTerminal", "LatchkeyTestSupport", "LatchkeyTransport",
            ]
        ),
        .testTarget(
            name: "LatchkeyKeysTests",
            dependencies: ["LatchkeyKeys", "LatchkeyModel", "LatchkeySSH", "LatchkeyTestSupport"]
        ),
        .testTarget(
            name: "LatchkeyControlTests",
            dependencies: ["LatchkeyControl", "LatchkeyModel", "LatchkeyTestSupport", "latchkey"]
        ),
        .testTarget(
            name: "LatchkeyRemoteTests",
            dependencies: [
                "LatchkeyAPI", "LatchkeyControl", "LatchkeyModel", "LatchkeyRemote", "LatchkeyTestSupport",
                "LatchkeyTransport", "latchkey", "latchkeyd",
            ]
        ),
        .testTarget(
            name: "LatchkeyCommandsTests",
            dependencies: [
                "LatchkeyAPI", "LatchkeyCommands", "LatchkeyControl", "LatchkeyModel", "LatchkeyTestSupport",
                "latchkey",
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)

// Only for `make fuzz`, since libFuzzer brings the main function.
if Context.environment["LATCHKEY_FUZZING"] != nil {
    package.targets += [
        .target(name: "CFuzzing", path: "Tests/Fuzzing/CFuzzing"),
        .executableTarget(
            name: "Fuzzing",
            dependencies: [
                "CFuzzing", "LatchkeyAPI", "LatchkeyKeys", "LatchkeyModel", "LatchkeyRelay", "LatchkeyRemote",
                "LatchkeyTransport",
            ],
            path: "Tests/Fuzzing/Fuzzing"
        ),
    ]
}

// Only for `make benchmark`: it measures the relay from outside, but speaks its protocol with the project's own modules.
if Context.environment["LATCHKEY_BENCHMARKING"] != nil {
    package.targets.append(
        .executableTarget(
            name: "ServerLoad",
            dependencies: ["LatchkeyAPI", "LatchkeyAgent", "LatchkeyModel", "LatchkeyRelay", "LatchkeyTransport"],
            path: "Benchmarks/ServerLoad"
        )
    )
}

for target in package.targets where target.type != .system && !target.name.hasPrefix("C") {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .treatAllWarnings(as: .error),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
        ]
}
