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

    enum File: Sendable {
        /// As the record of this number says.
        case current(Int)
        /// New, or changed since it was read, or so young that it could have changed unseen.
        case changed(path: [UInt8], KeyFile.Identity)
    }

    private let descriptor: Int32
    /// With a slash at the end.
    private let path: [UInt8]
    /// Each with a zero at its end.
    private var names: [UInt8] = []
    private var starts: [Int] = []

    /// The files that could be private keys, in no order.
    static func files(in roots: [String], against index: KeyIndex) -> [File] {
        var visited: Set<String> = []
        return roots.filter { visited.insert($0).inserted }
            .flatMap { root in
                var files: [File] = []
                visit(root, depth: depth) { files += $0.files(against: index) }
                return files
            }
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

    private func files(against index: KeyIndex) -> [File] {
        let threadCount = min(starts.count / KeyFolder.share, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 8)
        let survey = Survey(self, index, parts: max(1, threadCount))
        // This thread does its part, too; where there are no others, all of it.
        if threadCount > 1, let threads = Threads(threadCount - 1, { survey.run() }) {
            survey.run()
            threads.join()
        } else {
            survey.run()
        }
        return survey.files
    }

    private func files(_ range: Range<Int>, against index: KeyIndex) -> [File] {
        var files: [File] = []
        files.reserveCapacity(range.count)
        var file = path
        names.withUnsafeBytes { names in
            for start in starts[range] {
                guard let name = names.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self) else { return }
                var status = stat()
                guard fstatat(descriptor, name, &status, 0) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
                let identity = KeyFile.Identity(status)
                file.removeSubrange(path.count...)
                file.append(contentsOf: UnsafeRawBufferPointer(start: name, count: strlen(name)))
                if let record = file.withUnsafeBytes(index.find(path:)), index.isCurrent(record, identity) {
                    files.append(.current(record))
                } else {
                    files.append(.changed(path: file, identity))
                }
            }
        }
        return files
    }

    /// The work on one folder, in parts that threads take one after the other.
    private final class Survey: Sendable {
        private let folder: KeyFolder
        private let index: KeyIndex
        private let count: Int
        private let state: Mutex<(next: Int, parts: [[File]])>

        init(_ folder: KeyFolder, _ index: KeyIndex, parts count: Int) {
            self.folder = folder
            self.index = index
            self.count = count
            state = Mutex((0, Array(repeating: [], count: count)))
        }

        var files: [File] { state.withLock { $0.parts.flatMap { $0 } } }

        func run() {
            while let part = next() {
                let total = folder.starts.count
                let range = total * part / count..<total * (part + 1) / count
                let files = folder.files(range, against: index)
                state.withLock { $0.parts[part] = files }
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
