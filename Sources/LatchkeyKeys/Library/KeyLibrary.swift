// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyCrypto
package import LatchkeyModel
internal import LatchkeySystem

/// All private keys that are at hand: files in the key folders, found through an index, and those of a running ssh-agent.
package final class KeyLibrary {
    private let folders: [String]
    private let indexPath: String
    private let agent: SSHAgentClient?
    private var loaded: KeyIndex?
    private var isFresh = false
    /// How many files the folders have whose names are not UTF-8; known once they were gone through.
    private(set) var unnamed = 0
    private var agentIdentities: [SSHAgentClient.Identity]?

    /// - Parameters:
    ///   - folders: the preferred one first; one that does not exist is as good as empty.
    ///   - indexPath: where the index is kept.
    package init(folders: [String], indexPath: String, agent: SSHAgentClient?) {
        self.folders = folders
        self.indexPath = indexPath
        self.agent = agent
    }

    /// The candidates that hold this public key, the one that asks least of the user first: a plain file, the agent, a
    /// file behind a passphrase.
    ///
    /// A file found through the index is read before it is returned; only if none holds are the folders gone through.
    package func candidates(for key: PublicKey) -> [KeyCandidate] {
        var found = files(with: key)
        if found.isEmpty {
            refresh()
            found = files(with: key)
        }
        // A certificate of the key may open where the key alone does not.
        let held = identities()
        let inAgent = (held.filter { $0.key == key } + held.filter { $0.key.certifiedKey == key })
            .map(KeyLibrary.candidate)
        return found.filter { !$0.isEncrypted } + inAgent + found.filter(\.isEncrypted)
    }

    /// Keys whose public half is known and for which nothing speaks yet, the likely ones first: files called like one of
    /// `names`, then those that ssh itself would try and the agent's, then all others, each by folder and name.
    ///
    /// - Parameter limit: so many are read out; among thousands the rest is only counted.
    /// - Returns: the candidates, and how many there are in all.
    package func ranked(names: Set<String>, limit: Int) -> (candidates: [KeyCandidate], total: Int) {
        refresh()
        let index = index
        let named = names.flatMap { name in ([""] + KeyCandidate.endings).map { Array("\(name)\($0)".utf8) } }
        let usual = ["id_ed25519", "id_ecdsa", "id_rsa"].map { Array($0.utf8) }
        // Compared by hand: hashing thousands of names takes longer than all the rest.
        func holds(_ list: [[UInt8]], _ name: ArraySlice<UInt8>) -> Bool {
            list.contains { $0.count == name.count && $0.elementsEqual(name) }
        }
        var ranks: [[Int]] = [[], [], []]
        for folder in folders.map({ Array("\($0)/".utf8) }) {
            for record in index.records(below: folder) where index.hasPublicHalf(record) {
                let path = index.pathBytes(record)
                let slash = path.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
                let name = path[slash...].dropFirst()
                ranks[holds(named, name) ? 0 : holds(usual, name) ? 1 : 2].append(record)
            }
        }
        func files(_ rank: Int) -> [KeyCandidate] {
            ranks[rank].prefix(limit).map { KeyLibrary.candidate(index.path($0), index.record($0).description) }
        }
        let claimed = index.keysWithoutPublicHalf()
            .map { KeyLibrary.candidate(index.path($0), index.record($0).description) }
            .filter { $0.publicKey != nil }
        let agents = identities().map(KeyLibrary.candidate)
        let candidates = files(0) + files(1) + agents + claimed + files(2)
        let total = ranks.reduce(0) { $0 + $1.count } + agents.count + claimed.count
        return (Array(candidates.prefix(limit)), total)
    }

    /// Files that look like keys and cannot be used, or of which only the passphrase would tell which key they are.
    package func unusable() -> [KeyCandidate] {
        refresh()
        let index = index
        let faulty = (0..<index.count).filter { index.kind($0) == .faulty }.map { KeyLibrary.inspect(index.path($0)) }
        let hidden = index.keysWithoutPublicHalf()
            .map { KeyLibrary.candidate(index.path($0), index.record($0).description) }
        return faulty + hidden.filter { $0.publicKey == nil }
    }

    /// Reads one file and says what it is.
    package static func inspect(_ path: String) -> KeyCandidate {
        do throws(KeyFault) {
            return candidate(path, try KeyDescription(of: try KeyFile.read(path)))
        } catch {
            return KeyCandidate(source: .file(path: path), publicKey: nil, fault: error)
        }
    }

    var index: KeyIndex {
        if let loaded { return loaded }
        let index = KeyIndex.load(indexPath)
        loaded = index
        return index
    }

    private func rank(_ candidate: KeyCandidate) -> Int {
        candidate.path.flatMap { path in folders.firstIndex { path.hasPrefix($0 + "/") } } ?? folders.count
    }

    private func files(with key: PublicKey) -> [KeyCandidate] {
        let index = index
        let paths = index.find(blobSHA256: Digest.sha256(key.blob)) + index.keysWithoutPublicHalf()
        return paths.map { KeyLibrary.inspect(index.path($0)) }
            .filter { $0.publicKey == key && $0.fault == nil }
            .sorted { rank($0) < rank($1) }
    }

    func identities() -> [SSHAgentClient.Identity] {
        if let agentIdentities { return agentIdentities }
        // An agent that is gone leaves its address behind in many a shell; that is everyday life, not an error.
        let identities = (try? agent?.identities()) ?? []
        agentIdentities = identities
        return identities
    }

    static func candidate(_ identity: SSHAgentClient.Identity) -> KeyCandidate {
        KeyCandidate(source: .agent(comment: identity.comment), publicKey: identity.key)
    }

    static func candidate(_ path: String, _ description: KeyDescription?) -> KeyCandidate {
        let claimed = description?.publicKey == nil ? publicHalf(beside: path) : nil
        return KeyCandidate(
            source: .file(path: path),
            publicKey: description?.publicKey ?? claimed,
            isClaimed: claimed != nil,
            isEncrypted: description?.isEncrypted == true
        )
    }

    /// What `PATH.pub` says, as ssh-keygen leaves it.
    private static func publicHalf(beside path: String) -> PublicKey? {
        let descriptor = open(path + ".pub", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
            count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
        }
        return PublicKey(line: String(recoding: bytes))
    }

    // MARK: Keeping the index true

    /// Goes through the folders and reads what is new or has changed, once in this object's life.
    func refresh() {
        guard !isFresh else { return }
        isFresh = true
        let old = index
        let contents = KeyFolder.contents(of: folders, against: old)
        unnamed = contents.unnamed
        guard !contents.changed.isEmpty || contents.current.count != old.count else { return }
        var secret = Secret(capacity: KeyFile.sizeLimit)
        let bytes = KeyIndex.encode(
            contents.current.map { (Array(old.pathBytes($0.record)), old.record($0.record), $0.position) }
                + contents.changed.map { ($0.path, KeyLibrary.read($0.path, $0.identity, into: &secret), $0.position) }
        )
        loaded = KeyIndex(checking: bytes) ?? .empty
        KeyIndex.store(bytes, at: indexPath)
    }

    private static func read(
        _ path: [UInt8],
        _ identity: KeyFile.Identity,
        into secret: inout Secret
    ) -> KeyIndex.Record {
        var record = KeyIndex.Record(identity: identity, seen: now(), kind: .faulty)
        do throws(KeyFault) {
            record.identity = try KeyFile.read(String(decoding: path, as: UTF8.self), into: &secret)
            record.description = try KeyDescription(of: secret)
            record.kind = .key
        } catch {
            // What a file lacks is only told on request, and then found out anew.
            record.kind = [.notAKey, .notRegular, .binary].contains(error) ? .notAKey : .faulty
        }
        secret.removeAll()
        return record
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return KeyFile.Identity.nanoseconds(time)
    }
}
