// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc

/// The relay's process as the system sees it.
struct ServerProcess {
    let id: Int

    /// Bytes of memory that are there, not only promised.
    func memory() throws -> Int {
        let text = try read("status")
        for line in text.split(separator: "\n") where line.hasPrefix("VmRSS:") {
            if let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
                .flatMap({ Int($0) })
            {
                return kibibytes * 1024
            }
        }
        throw Failure("the relay has gone")
    }

    /// Seconds of processor time so far.
    func processorTime() throws -> Double {
        // Behind the name in parentheses, which may hold spaces; the fields are in proc(5).
        let fields = try read("stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw Failure("the relay has gone")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private func read(_ name: String) throws -> String {
        guard let file = fopen("/proc/\(id)/\(name)", "r") else { throw Failure("the relay has gone") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
