// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// Measures the program from outside, as whole processes, so nothing of it is a dependency here.
let package = Package(
    name: "benchmarks",
    targets: [
        .systemLibrary(name: "CMaterial", providers: [.apt(["libsqlite3-dev", "libssl-dev"])]),
        .executableTarget(
            name: "benchmarks",
            dependencies: ["CMaterial"],
            swiftSettings: [.treatAllWarnings(as: .error)]
        ),
    ],
    swiftLanguageModes: [.v6]
)
