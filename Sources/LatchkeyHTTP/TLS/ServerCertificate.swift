// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
package import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// A certificate in two files, which may be replaced while the server runs: new connections have the new one.
package final class ServerCertificate: Sendable {
    private struct Content: Sendable {
        let context: TLSContext
        let chainPEM: String
        let description: CertificateDescription
        /// Of the files, when they were read.
        let stamp: [FileStamp]
    }

    /// Tells whether a file is still the one that was read.
    private struct FileStamp: Equatable, Sendable {
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int

        init(_ path: String) {
            var status = stat()
            _ = stat(path, &status)
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// Where it is read from.
    package let files: CertificateFiles
    private let content: Mutex<Content>

    /// - Throws: `configurationInvalid` if they cannot be read, or do not belong together.
    package init(_ files: CertificateFiles) throws {
        self.files = files
        content = Mutex(try ServerCertificate.load(files))
    }

    var context: TLSContext { content.withLock { $0.context } }
    /// What it says of itself.
    package var description: CertificateDescription { content.withLock { $0.description } }
    /// The certificate itself first.
    package var chainPEM: String { content.withLock { $0.chainPEM } }

    /// Reads the files again if they were changed. The old certificate stays if the new one cannot be used.
    ///
    /// - Returns: whether there is another certificate now.
    /// - Throws: as ``init(_:)``.
    package func reload() throws -> Bool {
        guard content.withLock({ $0.stamp }) != ServerCertificate.stamp(files) else { return false }
        let loaded = try ServerCertificate.load(files)
        return content.withLock { content in
            defer { content = loaded }
            return content.chainPEM != loaded.chainPEM
        }
    }

    private static func stamp(_ files: CertificateFiles) -> [FileStamp] {
        [FileStamp(files.chain), FileStamp(files.key)]
    }

    private static func load(_ files: CertificateFiles) throws -> Content {
        // Taken first: what is written meanwhile is read the next time.
        let stamp = stamp(files)
        let context = try TLSContext(chain: files.chain, key: files.key)
        let text = String(decoding: try StateFile.read(files.chain) ?? [], as: UTF8.self)
        return Content(
            context: context,
            chainPEM: text,
            description: try CertificateDescription(text),
            stamp: stamp
        )
    }
}
