// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// What every exporter of Prometheus tells of its process.
enum ProcessFigures {
    static var text: String {
        var text = ""
        if let pages = residentPages {
            text += PrometheusRegistry.head("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.")
            text += "process_resident_memory_bytes \(pages * sysconf(Int32(_SC_PAGESIZE)))\n"
        }
        if let count = descriptorCount {
            text += PrometheusRegistry.head("process_open_fds", "gauge", "Number of open file descriptors.")
            text += "process_open_fds \(count)\n"
        }
        return text
    }

    private static var descriptorCount: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        // Not `.`, `..` and the folder itself.
        var count = -3
        while readdir(folder) != nil { count += 1 }
        return max(0, count)
    }

    /// The second number of `statm` (proc(5)).
    private static var residentPages: Int? {
        guard let content = try? StateFile.read("/proc/self/statm") else { return nil }
        return String(decoding: content, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
}
