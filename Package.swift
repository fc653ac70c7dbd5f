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
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
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

        .target(name: "LatchkeyModel"),
        .target(name: "LatchkeySystem", dependencies: ["CMemory", "CTerminal", "LatchkeyModel"]),
        .target(name: "LatchkeyAuthorization", dependencies: ["LatchkeyModel"]),
        .target(name: "LatchkeyCrypto", dependencies: ["CLibCrypto", "LatchkeyModel", "LatchkeySystem"]),
        .target(name: "LatchkeyTerminal", dependencies: ["CTerminal", "LatchkeyModel", "LatchkeySystem"]),
        .target(
            name: "LatchkeyTransport",
            dependencies: ["CLibSSL", "LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem"]
        ),
        .target(
            name: "LatchkeyAPI",
            dependencies: ["LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem", "LatchkeyTransport"]
        ),
        .target(
            name: "LatchkeySessionProtocol",
            dependencies: [
                "LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem", "LatchkeyTransport",
            ]
        ),
        .target(
            name: "LatchkeyRelayClient",
            dependencies: [
                "LatchkeyAPI", "LatchkeyModel", "LatchkeySessionProtocol", "LatchkeySystem", "LatchkeyTerminal",
                "LatchkeyTransport",
            ]
        ),
        .target(
            name: "LatchkeyAgent",
            dependencies: [
                "CProcess", "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyModel", "LatchkeySessionProtocol",
                "LatchkeySystem", "LatchkeyTransport",
            ]
        ),
        .target(
            name: "LatchkeyKeys",
            dependencies: [
                "CLibArgon2", "CLibCrypto", "LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem", "LatchkeyTransport",
            ]
        ),
        .target(
            name: "LatchkeySSH",
            dependencies: [
                "CLibSSH", "LatchkeyKeys", "LatchkeyModel", "LatchkeySystem", "LatchkeyTerminal", "LatchkeyTransport",
            ],
            swiftSettings: [.strictMemorySafety()]
        ),
        .target(
            name: "LatchkeyHome",
            dependencies: ["LatchkeyAPI", "LatchkeyModel", "LatchkeySystem", "LatchkeyTransport"]
        ),
        .target(name: "LatchkeyStore", dependencies: ["LatchkeyModel"]),
        .target(
            name: "LatchkeySQLite",
            dependencies: [
                "LatchkeyCrypto", "LatchkeyHome", "LatchkeyModel", "LatchkeyStore", "LatchkeySystem",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .target(
            name: "LatchkeyRemote",
            dependencies: [
                "CLibExpat", "CTerminal", "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem",
                "LatchkeyTransport",
            ]
        ),
        .target(
            name: "LatchkeyMetrics",
            dependencies: [
                "LatchkeyModel", "LatchkeySystem", .product(name: "CoreMetrics", package: "swift-metrics"),
            ]
        ),
        .target(
            name: "LatchkeyHTTP",
            dependencies: [
                "CLibSSL", "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyModel", "LatchkeySystem",
                "LatchkeyTransport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]
        ),
        .target(
            name: "LatchkeyRelay",
            dependencies: [
                "LatchkeyAuthorization", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyMetrics", "LatchkeyModel",
                "LatchkeySessionProtocol", "LatchkeySystem", "LatchkeyTransport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]
        ),
        .target(
            name: "LatchkeyOperations",
            dependencies: [
                "LatchkeyAPI", "LatchkeyAuthorization", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyKeys",
                "LatchkeyMetrics", "LatchkeyModel", "LatchkeyRelay", "LatchkeySessionProtocol", "LatchkeyStore",
                "LatchkeySystem",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]
        ),
        .target(
            name: "LatchkeyLaunching",
            dependencies: [
                "LatchkeyAuthorization", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyHome", "LatchkeyModel",
                "LatchkeyOperations", "LatchkeyStore", "LatchkeySystem", "LatchkeyTransport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        .target(
            name: "LatchkeyConsole",
            dependencies: [
                "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyModel", "LatchkeySystem",
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            exclude: ["Pages"]
        ),
        .target(
            name: "LatchkeyServer",
            dependencies: [
                "LatchkeyAuthorization", "LatchkeyConsole", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyHome",
                "LatchkeyLaunching",
                "LatchkeyMetrics", "LatchkeyModel", "LatchkeyOperations", "LatchkeyRelay", "LatchkeySQLite",
                "LatchkeySessionProtocol", "LatchkeyStore", "LatchkeySystem", "LatchkeyTransport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]
        ),
        .target(
            name: "LatchkeyBroker",
            dependencies: [
                "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyKeys", "LatchkeyModel", "LatchkeyRelayClient", "LatchkeySSH",
                "LatchkeySessionProtocol", "LatchkeySystem", "LatchkeyTerminal", "LatchkeyTransport",
            ]
        ),
        .target(
            name: "LatchkeyCommandLine",
            dependencies: [
                "LatchkeyModel", "LatchkeySystem", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .target(
            name: "LatchkeyCommands",
            dependencies: [
                "LatchkeyAPI", "LatchkeyBroker", "LatchkeyCommandLine", "LatchkeyCrypto", "LatchkeyHome",
                "LatchkeyKeys", "LatchkeyModel", "LatchkeyRelayClient", "LatchkeyRemote", "LatchkeySQLite",
                "LatchkeySSH", "LatchkeySessionProtocol", "LatchkeyStore", "LatchkeySystem", "LatchkeyTerminal",
                "LatchkeyTransport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(name: "latchkey", dependencies: ["LatchkeyCommands"]),
        .executableTarget(
            name: "latchkeyd",
            dependencies: [
                "LatchkeyAPI", "LatchkeyCommandLine", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyHome",
                "LatchkeyModel", "LatchkeyOperations", "LatchkeySQLite", "LatchkeyServer", "LatchkeyStore",
                "LatchkeySystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .executableTarget(
            name: "latchkey-agent",
            dependencies: [
                "LatchkeyAgent", "LatchkeyCommandLine", "LatchkeyModel", "LatchkeySystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),

        .target(
            name: "LatchkeyTestSupport",
            dependencies: ["CTerminal", "LatchkeyModel", "LatchkeySQLite"],
            path: "Tests/LatchkeyTestSupport"
        ),
        .testTarget(name: "ArchitectureTests", dependencies: ["LatchkeyTestSupport"]),
        .testTarget(
            name: "LatchkeyModelTests",
            dependencies: ["LatchkeyModel", "LatchkeySystem", "LatchkeyTestSupport"]
        ),
        .testTarget(
            name: "LatchkeySystemTests",
            dependencies: ["LatchkeyModel", "LatchkeySystem", "LatchkeyTestSupport"]
        ),
        .testTarget(
            name: "LatchkeyMetricsTests",
            dependencies: [
                "LatchkeyMetrics", .product(name: "CoreMetrics", package: "swift-metrics"),
            ]
        ),
        .testTarget(
            name: "LatchkeyAuthorizationTests",
            dependencies: ["LatchkeyAuthorization", "LatchkeyModel"]
        ),
        .testTarget(
            name: "LatchkeyCryptoTests",
            dependencies: ["LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem", "LatchkeyTestSupport"]
        ),
        .testTarget(
            name: "LatchkeyAPITests",
            dependencies: [
                "LatchkeyAPI", "LatchkeyCrypto", "LatchkeyModel", "LatchkeySystem", "LatchkeyTestSupport",
                "LatchkeyTransport",
            ]
        ),
        .testTarget(
            name: "LatchkeyTransportTests",
            dependencies: ["LatchkeyModel", "LatchkeyTestSupport", "LatchkeyTransport"]
        ),
        .testTarget(
            name: "LatchkeySessionProtocolTests",
            dependencies: [
                "LatchkeyAPI", "LatchkeyModel", "LatchkeyRelayClient", "LatchkeySessionProtocol", "LatchkeySystem",
                "LatchkeyTestSupport", "LatchkeyTransport",
            ],
            exclude: ["Fixtures"]
        ),
        .testTarget(
            name: "LatchkeyAgentTests",
            dependencies: [
                "LatchkeyAgent", "LatchkeyCrypto", "LatchkeyModel", "LatchkeySessionProtocol", "LatchkeySystem",
                "LatchkeyTestSupport", "LatchkeyTransport",
            ]
        ),
        .testTarget(
            name: "LatchkeyServerTests",
            dependencies: [
                "LatchkeyAPI", "LatchkeyAuthorization", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyHome",
                "LatchkeyLaunching", "LatchkeyMetrics", "LatchkeyModel", "LatchkeyOperations", "LatchkeyRelay",
                "LatchkeySQLite", "LatchkeyServer", "LatchkeySessionProtocol", "LatchkeyStore", "LatchkeySystem",
                "LatchkeyTestSupport",
                "LatchkeyTransport", "latchkey", "latchkey-agent", "latchkeyd",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Console/Pages"]
        ),
        .testTarget(name: "LatchkeyTerminalTests", dependencies: ["LatchkeyTerminal"]),
        .testTarget(
            name: "LatchkeySSHTests",
            dependencies: [
                "LatchkeyKeys", "LatchkeyModel", "LatchkeySSH", "LatchkeySystem", "LatchkeyTerminal",
                "LatchkeyTestSupport", "LatchkeyTransport",
            ]
        ),
        .testTarget(
            name: "LatchkeyBrokerTests",
            dependencies: [
                "LatchkeyBroker", "LatchkeyKeys", "LatchkeyModel", "LatchkeySSH", "LatchkeySystem",
                "LatchkeyTestSupport",
            ]
        ),
        .testTarget(
            name: "LatchkeyKeysTests",
            dependencies: ["LatchkeyKeys", "LatchkeyModel", "LatchkeySSH", "LatchkeySystem", "LatchkeyTestSupport"]
        ),
        .testTarget(
            name: "LatchkeySQLiteTests",
            dependencies: [
                "LatchkeyHome", "LatchkeyModel", "LatchkeySQLite", "LatchkeyStore", "LatchkeySystem",
                "LatchkeyTestSupport", "latchkey",
            ]
        ),
        .testTarget(
            name: "LatchkeyStoreTests",
            dependencies: [
                "LatchkeyModel", "LatchkeySQLite", "LatchkeyStore", "LatchkeySystem", "LatchkeyTestSupport",
            ]
        ),
        .testTarget(
            name: "LatchkeyRemoteTests",
            dependencies: [
                "LatchkeyAPI", "LatchkeyHome", "LatchkeyModel", "LatchkeyRemote", "LatchkeySQLite", "LatchkeyStore",
                "LatchkeySystem", "LatchkeyTestSupport", "LatchkeyTransport", "latchkey", "latchkeyd",
            ]
        ),
        .testTarget(
            name: "LatchkeyCommandsTests",
            dependencies: [
                "LatchkeyAPI", "LatchkeyCommands", "LatchkeyHome", "LatchkeyModel", "LatchkeySQLite", "LatchkeyStore",
                "LatchkeySystem", "LatchkeyTestSupport", "latchkey",
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
                "CFuzzing", "LatchkeyAPI", "LatchkeyKeys", "LatchkeyModel", "LatchkeyRemote", "LatchkeySessionProtocol",
                "LatchkeySystem", "LatchkeyTransport",
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
            dependencies: [
                "LatchkeyAPI", "LatchkeyAgent", "LatchkeyModel", "LatchkeySessionProtocol", "LatchkeySystem",
                "LatchkeyTransport",
            ],
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
