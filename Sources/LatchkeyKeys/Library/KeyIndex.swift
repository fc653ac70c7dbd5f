// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyModel

/// What is known of each file in the key folders, so that thousands of keys need not be read again.
///
/// One file of fixed-size records sorted by path, and a heap of paths and public keys behind them; all numbers are
/// little-endian. A checksum over the whole guards against damage: an index that does not hold is as good as none. It is a
/// cache and never a proof; code that finds a file through it reads that file before using it.
///
/// Two processes may write at once: each writes a file of its own and renames it, the last one wins, both are right.
struct KeyIndex: Sendable {
    /// The first eight bytes; the digit at the end is the version. It also changes with the formats that are read, since
    /// what could not be read before must be looked at again.
    private static let magic = Array("LKINDEX4".utf8)
    private static let headerSize = 32
    private static let recordSize = 128

    private let bytes: [UInt8]
    let count: Int

    /// What the index says of one file.
    struct Record {
        enum Kind: UInt8 { case notAKey, key, faulty }

        var identity: KeyFile.Identity
        /// When the file was read: nanoseconds since 1970 on the wall clock.
        var seen: Int64
        var kind: Kind
        var description: KeyDescription?

        var isSettled: Bool { KeyIndex.isSettled(seen: seen, identity) }
    }

    /// A file that was read so soon after it changed that a second change could carry the same time stamp is read again.
    /// Two seconds are the coarsest stamps that are still in use (FAT).
    private static func isSettled(seen: Int64, _ identity: KeyFile.Identity) -> Bool {
        let (age, isOver) = seen.subtractingReportingOverflow(max(identity.modified, identity.changed))
        return !isOver && age > 2_000_000_000
    }

    static let empty = KeyIndex(bytes: [], count: 0)

    private init(bytes: [UInt8], count: Int) {
        self.bytes = bytes
        self.count = count
    }

    /// The index in a file; an empty one if there is none or it is damaged.
    static func load(_ path: String) -> KeyIndex {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .empty }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_size >= headerSize,
            status.st_size < 1 << 30
        else { return .empty }
        let size = Int(status.st_size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = read(descriptor, buffer.baseAddress?.advanced(by: count), size - count)
                if got <= 0 { break }
                count += got
            }
        }
        return KeyIndex(checking: bytes) ?? .empty
    }

    /// Sixteen bytes that tell damage: Poly1305 with a key that is no secret, which is the fastest that OpenSSL has.
    private static func checksum(_ content: UnsafeRawBufferPointer) -> [UInt8] {
        Array("latchkey's index is not a secret".utf8).withUnsafeBytes { MAC.poly1305(key: $0, content) }
    }

    /// - Returns: nil unless every part of it holds.
    init?(checking bytes: [UInt8]) {
        let holds = bytes.withUnsafeBytes { raw -> Int? in
            guard raw.count >= KeyIndex.headerSize, raw.starts(with: KeyIndex.magic) else { return nil }
            let count = Int(raw.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
            guard count <= (raw.count - KeyIndex.headerSize) / KeyIndex.recordSize else { return nil }
            let content = UnsafeRawBufferPointer(rebasing: raw[KeyIndex.headerSize...])
            guard KeyIndex.checksum(content).elementsEqual(raw[16..<32]) else { return nil }
            return count
        }
        guard let count = holds else { return nil }
        self.init(bytes: bytes, count: count)
    }

    // Offsets inside a record.
    private enum Field {
        static let identity = 0  // five numbers of eight bytes
        static let seen = 40
        static let path = 48  // offset and length in the heap, four bytes each
        static let blob = 56  // likewise; length 0 if the public key is not known
        static let kind = 64
        static let format = 65
        static let isEncrypted = 66
        static let hasSHA1 = 67
        static let place = 68
        static let blobSHA256 = 72
        static let pkcs8SHA1 = 104
    }

    private func start(_ record: Int) -> Int { KeyIndex.headerSize + record * KeyIndex.recordSize }

    private func number(_ record: Int, _ field: Int) -> UInt64 {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start(record) + field, as: UInt64.self) }
    }

    /// Something in the heap; empty if the record points outside.
    private func heap(_ record: Int, _ field: Int) -> ArraySlice<UInt8> {
        let base = KeyIndex.headerSize + count * KeyIndex.recordSize
        let (offset, length) = bytes.withUnsafeBytes { raw in
            (
                Int(raw.loadUnaligned(fromByteOffset: start(record) + field, as: UInt32.self)),
                Int(raw.loadUnaligned(fromByteOffset: start(record) + field + 4, as: UInt32.self))
            )
        }
        guard base + offset + length <= bytes.count else { return [] }
        return bytes[base + offset..<base + offset + length]
    }

    func path(_ record: Int) -> String { String(decoding: heap(record, Field.path), as: UTF8.self) }

    /// The path's bytes, without making text of them.
    func pathBytes(_ record: Int) -> ArraySlice<UInt8> { heap(record, Field.path) }

    private func isPath(_ record: Int, beginningWith prefix: UnsafeRawBufferPointer) -> Bool {
        let path = heap(record, Field.path)
        guard path.count >= prefix.count else { return false }
        return path.withUnsafeBytes { path in
            guard let path = path.baseAddress, let start = prefix.baseAddress else { return true }
            return memcmp(path, start, prefix.count) == 0
        }
    }

    func kind(_ record: Int) -> Record.Kind { Record.Kind(rawValue: bytes[start(record) + Field.kind]) ?? .faulty }

    /// Whether the record is a key whose public half is known.
    func hasPublicHalf(_ record: Int) -> Bool {
        let length = start(record) + Field.blob + 4
        return kind(record) == .key
            && bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: length, as: UInt32.self) } != 0
    }

    func record(_ index: Int) -> Record {
        let start = start(index)
        let identity = KeyFile.Identity(
            device: number(index, Field.identity),
            inode: number(index, Field.identity + 8),
            size: number(index, Field.identity + 16),
            modified: Int64(bitPattern: number(index, Field.identity + 24)),
            changed: Int64(bitPattern: number(index, Field.identity + 32))
        )
        let kind = kind(index)
        var description: KeyDescription?
        if kind == .key, let format = KeyFormat(rawValue: bytes[start + Field.format]) {
            description = KeyDescription(
                format: format,
                isEncrypted: bytes[start + Field.isEncrypted] == 1,
                publicKey: PublicKey(blob: heap(index, Field.blob)),
                pkcs8SHA1: bytes[start + Field.hasSHA1] == 1
                    ? Array(bytes[start + Field.pkcs8SHA1..<start + Field.pkcs8SHA1 + 20]) : nil
            )
        }
        let seen = Int64(bitPattern: number(index, Field.seen))
        return Record(identity: identity, seen: seen, kind: kind, description: description)
    }

    /// Whether a record is still true of a file that looks like this, without decoding the whole record.
    func isCurrent(_ record: Int, _ identity: KeyFile.Identity) -> Bool {
        number(record, Field.identity + 8) == identity.inode
            && number(record, Field.identity + 32) == UInt64(bitPattern: identity.changed)
            && number(record, Field.identity + 24) == UInt64(bitPattern: identity.modified)
            && number(record, Field.identity + 16) == identity.size
            && number(record, Field.identity) == identity.device
            && KeyIndex.isSettled(seen: Int64(bitPattern: number(record, Field.seen)), identity)
    }

    /// The records in the order in which the file system named the files when the index was made; nil where one is missing.
    var order: [Int?] {
        var order = [Int?](repeating: nil, count: count)
        bytes.withUnsafeBytes { raw in
            for record in 0..<count {
                let place = Int(raw.loadUnaligned(fromByteOffset: start(record) + Field.place, as: UInt32.self))
                if place < count { order[place] = record }
            }
        }
        return order
    }

    /// The record of a file, by binary search. Called for each file in the key folders, so it makes no slices.
    ///
    /// - Parameter expected: the record that it probably is.
    func find(path: UnsafeRawBufferPointer, expected: Int? = nil) -> Int? {
        bytes.withUnsafeBytes { raw in
            if let expected, compare(expected, path, raw) == 0 { return expected }
            var (low, high) = (0, count)
            while low < high {
                let middle = (low + high) / 2
                let order = compare(middle, path, raw)
                if order == 0 { return middle }
                if order < 0 { low = middle + 1 } else { high = middle }
            }
            return nil
        }
    }

    /// Less than 0 if the record's path comes before another one, 0 if it is the same.
    private func compare(_ record: Int, _ path: UnsafeRawBufferPointer, _ raw: UnsafeRawBufferPointer) -> Int {
        let field = start(record) + Field.path
        let offset =
            KeyIndex.headerSize + count * KeyIndex.recordSize
            + Int(raw.loadUnaligned(fromByteOffset: field, as: UInt32.self))
        let length = Int(raw.loadUnaligned(fromByteOffset: field + 4, as: UInt32.self))
        guard offset + length <= raw.count, let base = raw.baseAddress, let other = path.baseAddress else { return -1 }
        let common = memcmp(base + offset, other, min(length, path.count))
        return common != 0 ? Int(common) : length - path.count
    }

    /// The records of the files below a folder, given with a slash at its end: they stand side by side.
    func records(below folder: [UInt8]) -> Range<Int> {
        folder.withUnsafeBytes { folder in
            bytes.withUnsafeBytes { raw in
                func first(_ isBehind: (Int) -> Bool) -> Int {
                    var (low, high) = (0, count)
                    while low < high {
                        let middle = (low + high) / 2
                        if isBehind(middle) { high = middle } else { low = middle + 1 }
                    }
                    return low
                }
                let start = first { compare($0, folder, raw) >= 0 }
                let end = first { compare($0, folder, raw) >= 0 && !isPath($0, beginningWith: folder) }
                return start..<max(start, end)
            }
        }
    }

    /// The records of files that hold this public key, by the digest of its wire form.
    func find(blobSHA256 digest: [UInt8]) -> [Int] {
        guard digest.count == 32 else { return [] }
        return bytes.withUnsafeBytes { raw in
            digest.withUnsafeBytes { wanted in
                (0..<count)
                    .filter { record in
                        guard let base = raw.baseAddress, let wanted = wanted.baseAddress else { return false }
                        return memcmp(base + start(record) + Field.blobSHA256, wanted, 32) == 0
                    }
            }
        }
    }

    /// The records of keys whose form hides the public half.
    func keysWithoutPublicHalf() -> [Int] {
        (0..<count)
            .filter { record in
                let start = start(record)
                return bytes[start + Field.kind] == Record.Kind.key.rawValue
                    && bytes[start + Field.isEncrypted] == 1 && heap(record, Field.blob).isEmpty
            }
    }

    static func compare(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Int32 {
        let common = a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in
                guard let start = a.baseAddress, let other = b.baseAddress else { return Int32(0) }
                return memcmp(start, other, min(a.count, b.count))
            }
        }
        return common != 0 ? common : Int32(clamping: a.count - b.count)
    }

    /// The bytes of an index of these files.
    ///
    /// - Parameter entries: each with its place in the order in which the file system names the files.
    static func encode(_ entries: [(path: [UInt8], record: Record, place: Int)]) -> [UInt8] {
        let sorted = entries.sorted { compare($0.path[...], $1.path[...]) < 0 }
        var records: [UInt8] = []
        var heap: [UInt8] = []
        records.reserveCapacity(sorted.count * recordSize)
        func put(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { records.append(contentsOf: $0) }
        }
        func putHeap(_ value: [UInt8]) {
            put(UInt32(heap.count))
            put(UInt32(value.count))
            heap += value
        }
        for (path, record, place) in sorted {
            let identity = record.identity
            put(identity.device)
            put(identity.inode)
            put(identity.size)
            put(identity.modified)
            put(identity.changed)
            put(record.seen)
            putHeap(path)
            let description = record.description
            putHeap(description?.publicKey?.blob ?? [])
            put(record.kind.rawValue)
            put(description?.format.rawValue ?? 0)
            put(UInt8(description?.isEncrypted == true ? 1 : 0))
            put(UInt8(description?.pkcs8SHA1 != nil ? 1 : 0))
            put(UInt32(place))
            records += description?.publicKey.map { Digest.sha256($0.blob) } ?? [UInt8](repeating: 0, count: 32)
            records += description?.pkcs8SHA1 ?? [UInt8](repeating: 0, count: 20)
            put(UInt32(0))
        }
        let content = records + heap
        var bytes = magic
        withUnsafeBytes(of: UInt32(sorted.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes += [0, 0, 0, 0]
        return bytes + content.withUnsafeBytes(checksum) + content
    }

    /// Puts an index in the place of the one before, whole or not at all. That it cannot be kept is no failure: the
    /// next use is slower, nothing else.
    static func store(_ bytes: [UInt8], at path: String) {
        let draft = "\(path).\(Identifier.make(prefix: "new-"))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            done += count
        }
        close(descriptor)
        if done < bytes.count || rename(draft, path) != 0 { unlink(draft) }
    }
}
