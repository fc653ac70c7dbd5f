// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// What a control plane has answered a moment ago about one thing, in a file for each profile, so that commands in a
/// row, or a loop around one, do not ask the same each time. That there is nothing is not taken from here, nor are lists: what
/// was just made has to be there.
final class ResponseCache: Sendable {
    /// How old an answer may be.
    enum Age {
        /// It was not asked before this.
        case fresh
        /// A moment.
        case current
        /// A minute, for what is only suggested.
        case suggestion

        /// Seconds.
        fileprivate var limit: TimeInterval {
            switch self {
            case .fresh: 0
            case .current: ResponseCache.lifetime
            case .suggestion: ResponseCache.suggestionLifetime
            }
        }
    }

    /// Seconds for which an answer is taken without asking again.
    static let lifetime: TimeInterval = 10
    static let suggestionLifetime: TimeInterval = 60
    /// An image never changes; whom it wants to be logged in as neither.
    static let imageLifetime: TimeInterval = 86_400
    private static let limit = 256

    private struct Entry<Value: Codable & Sendable>: Codable, Sendable {
        var date: Date
        var value: Value
    }

    private struct Content: Codable, Sendable {
        var instances: [String: Entry<[Instance]>] = [:]
        var keyPairs: [String: Entry<[KeyPair]>] = [:]
        /// By the image's id; empty where nothing is known.
        var users: [String: Entry<String>] = [:]
    }

    private let path: String
    private let sizeLimit: Int
    private let keepsNothing: Bool
    private let content: Mutex<Content?>
    private let start = Date()

    /// - Parameters:
    ///   - scope: all that an answer depends on besides the question: profile, region, endpoint.
    ///   - sizeLimit: bytes; what is longer is kept for this process only.
    ///   - keepsNothing: whether it is an answer for the same process, and for suggestions, that there is nothing.
    init(folder: String, scope: [String], sizeLimit: Int = 1 << 20, keepsNothing: Bool = false) {
        self.sizeLimit = sizeLimit
        self.keepsNothing = keepsNothing
        let text = scope.map { "\($0.utf8.count):\($0)" }.joined()
        path = "\(folder)/answers-\(Hex.encode(Array(Digest.sha256(Array(text.utf8)).prefix(16)))).json"
        content = Mutex(nil)
    }

    func instances(
        _ question: String,
        _ age: Age = .current,
        _ ask: () throws -> [Instance]
    ) throws -> [Instance] {
        try answer(question, \.instances, age, ask)
    }

    /// An answer without asking; nil if there is none.
    func knownInstances(_ question: String, _ age: Age) -> [Instance]? {
        load { $0.instances[question] }.flatMap { isAnswer($0, age) ? $0.value : nil }
    }

    func keyPairs(_ question: String, _ ask: () throws -> [KeyPair]) throws -> [KeyPair] {
        try answer(question, \.keyPairs, .current, ask)
    }

    /// Forgets what instances and key pairs are like, for one of them was just changed.
    func forget() {
        guard load({ !$0.instances.isEmpty || !$0.keyPairs.isEmpty }) else { return }
        change { content in
            content.instances = [:]
            content.keyPairs = [:]
        }
    }

    /// - Returns: nil if it is not known; empty if it is known that there is none.
    func user(ofImage id: String) -> String? {
        load { $0.users[id] }.flatMap { ResponseCache.isFresh($0.date, ResponseCache.imageLifetime) ? $0.value : nil }
    }

    func keep(users: [String: String]) {
        change { content in
            for (id, user) in users { content.users[id] = Entry(date: Date(), value: user) }
        }
    }

    private func answer<Value: Codable & Sendable & Collection>(
        _ question: String,
        _ table: WritableKeyPath<Content, [String: Entry<Value>]>,
        _ age: Age,
        _ ask: () throws -> Value
    ) throws -> Value {
        if let known = load({ $0[keyPath: table][question] }), isAnswer(known, age) { return known.value }
        let value = try ask()
        guard !value.isEmpty || keepsNothing else { return value }
        change { content in
            // Old answers go. All of them go if very much is asked in a few seconds.
            content[keyPath: table] = content[keyPath: table]
                .filter { ResponseCache.isFresh($0.value.date, ResponseCache.suggestionLifetime) }
            if content[keyPath: table].count >= ResponseCache.limit { content[keyPath: table] = [:] }
            content[keyPath: table][question] = Entry(date: Date(), value: value)
        }
        return value
    }

    private func isAnswer<Value: Collection>(_ known: Entry<Value>, _ age: Age) -> Bool {
        guard ResponseCache.isFresh(known.date, age.limit) else { return false }
        if case .suggestion = age { return true }
        return !known.value.isEmpty || known.date >= start
    }

    /// A date from the future is the mark of a clock that was set back.
    private static func isFresh(_ date: Date, _ lifetime: TimeInterval) -> Bool {
        (0..<lifetime).contains(Date().timeIntervalSince(date))
    }

    private func load<Value: Sendable>(_ body: (Content) -> Value) -> Value {
        content.withLock { content in
            let known = content ?? read()
            content = known
            return body(known)
        }
    }

    /// A cache that cannot be read or written costs time and nothing else.
    private func read() -> Content {
        guard let bytes = try? StateFile.read(path) else { return Content() }
        return (try? JSONDecoder().decode(Content.self, from: Data(bytes))) ?? Content()
    }

    private func change(_ body: (inout Content) -> Void) {
        content.withLock { content in
            var changed = content ?? read()
            body(&changed)
            content = changed
            guard let data = try? JSONEncoder().encode(changed), data.count <= sizeLimit else { return }
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            try? StateFile.makeFolder(folder)
            try? StateFile.write(path, Array(data))
        }
    }
}
