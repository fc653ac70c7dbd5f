// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel

/// Goes through key folders and tells which files are as the index has them.
///
/// The kernel needs a microsecond for each file, whichever thread asks; threads were tried and made it no faster.
struct KeyFolder {
    /// So many levels below a key folder are looked into; links to folders are not followed.
    private static let depth = 3

    /// The files that could be private keys, in the order in which the file system names them.
    struct Contents {
        /// The numbers of the records that are still true, and where in that order their files stand.
        var current: [(record: Int, position: Int)] = []
        /// How many files are left out, since their names are not UTF-8: as text they would be others.
        var unnamed = 0
        /// New, or changed since they were read, or so young that they could have changed unseen.
        var changed: [(path: [UInt8], identity: KeyFile.Identity, position: Int)] = []

        fileprivate var count: Int { current.count + changed.count }
    }

    static func contents(of roots: [String], against index: KeyIndex) -> Contents {
        var visited: Set<String> = []
        var contents = Contents()
        contents.current.reserveCapacity(index.count)
        let order = index.order
        for root in roots where visited.insert(root).inserted {
            let unnamed = visit(root, depth: depth) { path, identity in
                let position = contents.count
                // An unchanged folder names its files in the same order each time, so the record is known beforehand.
                let expected = position < order.count ? order[position] : nil
                if let record = index.find(path: path, expected: expected), index.isCurrent(record, identity) {
                    contents.current.append((record, position))
                } else {
                    contents.changed.append((Array(path), identity, position))
                }
            }
            contents.unnamed += unnamed
        }
        return contents
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

    /// Calls `body` for each file that could be a private key; the path it gets is valid only inside.
    ///
    /// - Returns: how many files and folders are left out for their names.
    private static func visit(
        _ folder: String,
        depth: Int,
        _ body: (UnsafeRawBufferPointer, KeyFile.Identity) -> Void
    ) -> Int {
        guard let stream = opendir(folder) else { return 0 }
        defer { closedir(stream) }
        var path = Array("\(folder)/".utf8)
        let prefix = path.count
        var unnamed = 0
        while let entry = readdir(stream) {
            let length = withUnsafePointer(to: &entry.pointee.d_name.0) { strlen($0) }
            path.removeSubrange(prefix...)
            let isNoKey = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                let name = UnsafeRawBufferPointer(rebasing: raw[..<length])
                path.append(contentsOf: name)
                return isSkipped(name)
            }
            if isNoKey { continue }
            // As text such a name would become another one, and name another file.
            if path[prefix...].contains(where: { $0 >= 0x80 }), String(validating: path, as: UTF8.self) == nil {
                unnamed += 1
                continue
            }
            if entry.pointee.d_type == UInt8(DT_DIR) {
                if depth > 0 { unnamed += visit(String(decoding: path, as: UTF8.self), depth: depth - 1, body) }
                continue
            }
            var status = stat()
            let found = withUnsafePointer(to: &entry.pointee.d_name.0) { fstatat(dirfd(stream), $0, &status, 0) == 0 }
            guard found, status.st_mode & S_IFMT == S_IFREG else { continue }
            path.withUnsafeBytes { body($0, KeyFile.Identity(status)) }
        }
        return unnamed
    }
}
