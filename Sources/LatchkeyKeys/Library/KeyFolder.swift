// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import Synchronization

/// Goes through key folders and tells which files are as the index has them.
///
/// Asking the kernel about each of thousands of files takes most of the time, so several threads do it.
struct KeyFolder: Sendable {
    /// Folders below a key folder are looked into this deep; links to folders are not followed.
    private static let depth = 3
    /// So many files are worth a thread.
    private static let share = 1000

    /// The files that could be private keys, in no order.
    struct Contents: Sendable {
        /// The numbers of the records that are still true.
        var current: [Int] = []
        /// New, or changed since they were read, or so young that they could have changed unseen.
        var changed: [(path: [UInt8], identity: KeyFile.Identity)] = []

        mutating func append(_ other: Contents) {
            current += other.current
            changed += other.changed
        }
    }

    private let descriptor: Int32
    /// With a slash at the end.
    private let path: [UInt8]
    /// Each with a zero at its end.
    private var names: [UInt8] = []
    private var starts: [Int] = []

    static func contents(of roots: [String], against index: KeyIndex) -> Contents {
        var visited: Set<String> = []
        var contents = Contents()
        for root in roots where visited.insert(root).inserted {
            visit(root, depth: depth) { contents.append($0.contents(against: index)) }
        }
        return contents
    }

    private static func visit(_ folder: String, depth: Int, _ body: (KeyFolder) -> Void) {
        guard let stream = opendir(folder) else { return }
        defer { closedir(stream) }
        var listing = KeyFolder(descriptor: dirfd(stream), path: Array("\(folder)/".utf8))
        var folders: [String] = []
        while let entry = readdir(stream) {
            let length = withUnsafePointer(to: &entry.pointee.d_name.0) { strlen($0) }
            withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                let name = UnsafeRawBufferPointer(rebasing: raw[..<length])
                guard !isSkipped(name) else { return }
                if entry.pointee.d_type == UInt8(DT_DIR) {
                    folders.append("\(folder)/\(String(decoding: name, as: UTF8.self))")
                } else {
                    listing.starts.append(listing.names.count)
                    listing.names.append(contentsOf: UnsafeRawBufferPointer(rebasing: raw[...length]))
                }
            }
        }
        body(listing)
        guard depth > 1 else { return }
        for folder in folders { visit(folder, depth: depth - 1, body) }
    }

    /// Names that are never private keys, by ssh's and Latchkey's own custom.
    private static func isSkipped(_ name: UnsafeRawBufferPointer) -> Bool {
        // One byte decides nearly always, which thousands of files feel.
        switch (name.first, name.last) {
        case (UInt8(ascii: "."), _): true
        case (_, UInt8(ascii: "b")): name.suffix(4).elementsEqual(".pub".utf8)
        case (UInt8(ascii: "k"), _): name.starts(with: "known_hosts".utf8)
        case (UInt8(ascii: "a"), _): name.starts(with: "authorized_keys".utf8)
        default: false
        }
    }

    private func contents(against index: KeyIndex) -> Contents {
        let threadCount = min(starts.count / KeyFolder.share, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 8)
        let survey = Survey(self, index, parts: max(1, threadCount))
        // This thread does its part, too; where there are no others, all of it.
        if threadCount > 1, let threads = Threads(threadCount - 1, { survey.run() }) {
            survey.run()
            threads.join()
        } else {
            survey.run()
        }
        return survey.contents
    }

    private func contents(_ range: Range<Int>, against index: KeyIndex) -> Contents {
        var contents = Contents()
        contents.current.reserveCapacity(range.count)
        var file = path
        names.withUnsafeBytes { names in
            for start in starts[range] {
                guard let name = names.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self) else {
                    return
                }
                var status = stat()
                guard fstatat(descriptor, name, &status, 0) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
                let identity = KeyFile.Identity(status)
                file.removeSubrange(path.count...)
                file.append(contentsOf: UnsafeRawBufferPointer(start: name, count: strlen(name)))
                if let record = file.withUnsafeBytes(index.find(path:)), index.isCurrent(record, identity) {
                    contents.current.append(record)
                } else {
                    contents.changed.append((file, identity))
                }
            }
        }
        return contents
    }

    /// The work on one folder, in parts that threads take one after the other.
    private final class Survey: Sendable {
        private let folder: KeyFolder
        private let index: KeyIndex
        private let count: Int
        private let state: Mutex<(next: Int, contents: Contents)>

        init(_ folder: KeyFolder, _ index: KeyIndex, parts count: Int) {
            self.folder = folder
            self.index = index
            self.count = count
            state = Mutex((0, Contents()))
        }

        var contents: Contents { state.withLock { $0.contents } }

        func run() {
            while let part = next() {
                let total = folder.starts.count
                let range = total * part / count..<total * (part + 1) / count
                let contents = folder.contents(range, against: index)
                state.withLock { $0.contents.append(contents) }
            }
        }

        private func next() -> Int? {
            state.withLock { state in
                guard state.next < count else { return nil }
                defer { state.next += 1 }
                return state.next
            }
        }
    }
}
