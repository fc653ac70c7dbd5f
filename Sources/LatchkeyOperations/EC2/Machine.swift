// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The machine on which instances run.
package enum Machine {
    /// EC2's word for its processors.
    #if arch(arm64)
    package static let architecture = "arm64"
    #else
    package static let architecture = "x86_64"
    #endif
    static let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    /// In MiB.
    static let memory = max(1, sysconf(Int32(_SC_PHYS_PAGES)) / 1024 * sysconf(Int32(_SC_PAGESIZE)) / 1024)
}
