// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
package import LatchkeySystem

/// A private key's file, opened and checked by its descriptor, so that what was checked is what is read.
package enum KeyFile {
    /// A longer file is no private key: RSA 16384 in PEM has about 13 KiB.
    static let sizeLimit = 64 * 1024

    /// By what a file is recognised as being as it was: any change to content or permissions changes one of these.
    struct Identity: Equatable, Sendable {
        var device: UInt64
        var inode: UInt64
        var size: UInt64
        /// Nanoseconds since 1970.
        var modified: Int64
        var changed: Int64

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            size = UInt64(status.st_size)
            modified = Identity.nanoseconds(status.st_mtim)
            changed = Identity.nanoseconds(status.st_ctim)
        }

        init(device: UInt64, inode: UInt64, size: UInt64, modified: Int64, changed: Int64) {
            self.device = device
            self.inode = inode
            self.size = size
            self.modified = modified
            self.changed = changed
        }

        /// Times that nanoseconds in 64 bits cannot hold (after 2262, or long before 1970) become the ends of the range: a
        /// file so dated is never settled, and so read anew each time.
        static func nanoseconds(_ time: timespec) -> Int64 {
            let (seconds, isOver) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
            let (sum, isOverToo) = seconds.addingReportingOverflow(Int64(time.tv_nsec))
            return isOver || isOverToo ? .max : sum
        }
    }

    /// The text of a private key.
    ///
    /// - Throws: `missing`, `unreadable`, `notRegular`, `tooOpen`, `foreignOwner`, `notAKey` (too long), `binary`,
    ///   `changedWhileRead`.
    package static func read(_ path: String) throws(KeyFault) -> Secret {
        var secret = Secret(capacity: sizeLimit)
        _ = try read(path, into: &secret)
        return secret
    }

    /// As ``read(_:)``, into memory that is used again for many files.
    static func read(_ path: String, into secret: inout Secret) throws(KeyFault) -> Identity {
        secret.removeAll()
        // O_NONBLOCK, so that a pipe without a writer does not make us wait.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable(SystemError.last.message)
        }
        defer { close(descriptor) }
        let before = try status(descriptor)
        do { try Descriptor.readAll(descriptor, into: &secret) } catch { throw .unreadable(error.message) }
        let after = try status(descriptor)
        guard Identity(after) == Identity(before), secret.count == after.st_size else { throw .changedWhileRead }
        if let plain = secret.recoded() {
            secret.removeAll()
            guard plain.withBytes({ secret.append($0) }) else { throw .notAKey }
        }
        // Only of a key does it matter who else may read it; a README beside the keys is no danger.
        guard secret.withBytes(Armour.looksLikeKey) else {
            throw secret.withBytes(DERElements.isOneSequence) ? .binary : .notAKey
        }
        guard after.st_uid == geteuid() || after.st_uid == 0 else { throw .foreignOwner }
        // As ssh has it: whom root lets read a file, by its group, say, where a secret is mounted, is root's to decide.
        guard after.st_uid != geteuid() || after.st_mode & 0o077 == 0 else {
            throw .tooOpen(mode: UInt32(after.st_mode))
        }
        return Identity(after)
    }

    private static func status(_ descriptor: Int32) throws(KeyFault) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(SystemError.last.message) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        guard status.st_size <= sizeLimit else { throw .notAKey }
        return status
    }

}
