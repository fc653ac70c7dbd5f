// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "latchkey",
    products: [
        .executable(name: "latchkey", targets: ["latchkey"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        // C: modulemaps, and one file of code that must be safe inside a signal handler.
        .systemLibrary(name: "CLibSSH", pkgConfig: "libssh", providers: [.apt(["libssh-dev"])]),
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .target(name: "CTerminal"),

        .target(name: "LatchkeyModel"),
        .target(name: "LatchkeyTerminal", dependencies: ["CTerminal", "LatchkeyModel"]),
        .target(
            name: "LatchkeySSH",
            dependencies: ["CLibSSH", "LatchkeyModel", "LatchkeyTerminal"],
            swiftSettings: [.strictMemorySafety()]
        ),
        .target(name: "LatchkeyKeys", dependencies: ["CLibArgon2", "CLibCrypto", "LatchkeyModel", "LatchkeySSH"]),
        .target(
            name: "LatchkeyControl",
            dependencies: ["LatchkeyModel", .product(name: "GRDB", package: "GRDB.swift")]
        ),
        .target(
            name: "LatchkeyBroker",
            dependencies: ["LatchkeyKeys", "LatchkeyModel", "LatchkeySSH", "LatchkeyTerminal"]
        ),
        .target(
            name: "LatchkeyCommands",
            dependencies: [
                "LatchkeyBroker", "LatchkeyControl", "LatchkeyKeys", "LatchkeyModel", "LatchkeySSH",
                "LatchkeyTerminal", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(name: "latchkey", dependencies: ["LatchkeyCommands"]),

        .target(
            name: "LatchkeyTestSupport",
            dependencies: ["LatchkeyModel", "LatchkeyControl"],
            path: "Tests/LatchkeyTestSupport"
        ),
        .testTarget(name: "ArchitectureTests", dependencies: ["LatchkeyTestSupport"]),
        .testTarget(name: "LatchkeyModelTests", dependencies: ["LatchkeyModel"]),
        .testTarget(name: "LatchkeyTerminalTests", dependencies: ["LatchkeyTerminal"]),
        .testTarget(
            name: "LatchkeySSHTests",
            dependencies: ["LatchkeyModel", "LatchkeySSH", "LatchkeyTestSupport"]
        ),
        .testTarget(
            name: "LatchkeyKeysTests",
            dependencies: ["LatchkeyKeys", "LatchkeyModel", "LatchkeyTestSupport"]
        ),
        .testTarget(
            name: "LatchkeyControlTests",
            dependencies: ["LatchkeyControl", "LatchkeyModel", "LatchkeyTestSupport", "latchkey"]
        ),
        .testTarget(
            name: "LatchkeyCommandsTests",
            dependencies: ["LatchkeyCommands", "LatchkeyTestSupport", "latchkey"]
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
            dependencies: ["CFuzzing", "LatchkeyKeys", "LatchkeyModel"],
            path: "Tests/Fuzzing/Fuzzing"
        ),
    ]
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
