// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyAgent
internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTransport
internal import Synchronization

// Loads a latchkeyd and tells what that costs: one figure a line, its name and its value. The benchmark starts both, and reads
// the lines. `sessions` opens sessions through its relay, both ends of each from here; `describe` asks for instances.

/// What is to be done, from the command line.
struct Plan: Sendable {
    let state: String
    let service: ServiceClient
    let sessions: Int
    let server: ServerProcess

    init(_ words: [String]) throws {
        guard words.count == 6, let sessions = Int(words[4]), let server = Int(words[5]) else {
            throw Failure("usage: SECRET=… ServerLoad sessions AGENT-STATE ENDPOINT CA KEY-ID SESSIONS PROCESS")
        }
        state = words[0]
        service = ServiceClient(
            ServiceEndpoint(
                address: try ServerAddress(url: words[1]),
                trust: Trust(authorities: words[2].isEmpty ? nil : words[2]),
                region: "local",
                credentials: Credentials(accessKeyID: words[3], secretAccessKey: secret)
            )
        )
        self.sessions = sessions
        self.server = ServerProcess(id: server)
    }
}

/// So many sessions are opened at a time.
let lanes = 8
/// Bytes each way through each session.
let traffic = 64 * 1024

/// The access key's other half, which others must not see in the list of processes.
let secret = Environment.value("SECRET") ?? ""

func tell(_ name: String, _ value: Double) {
    print(name, value)
    fflush(nil)
}

func run(_ plan: Plan) throws {
    let access = RelayAccess(try Registration.load(from: plan.state))
    let control = try access.openControlChannel(sessions: [], timeout: 10_000)
    try control.flush()
    // One to begin with, so that what the first one costs once is not counted.
    let first = try LoadSession(plan.service, access)
    try first.exchange(traffic)
    sleep(2)

    let memory = try plan.server.memory()
    let processor = try plan.server.processorTime()
    let start = SystemClock.milliseconds()
    let opened = Mutex<[LoadSession]>([])
    let failure = Mutex<String?>(nil)
    let threads = Threads(lanes) {
        do {
            for _ in 0..<plan.sessions / lanes {
                let session = try LoadSession(plan.service, access)
                opened.withLock { $0.append(session) }
            }
        } catch { failure.withLock { $0 = "\(error)" } }
    }
    threads?.join()
    if let failure = failure.withLock({ $0 }) { throw Failure(failure) }
    let seconds = Double(SystemClock.milliseconds() - start) / 1000
    let sessions = opened.withLock { $0 }
    let count = Double(sessions.count)
    tell("opened", count / seconds)
    tell("processor", (try plan.server.processorTime() - processor) * 1000 / count)
    // What the control channel heard meanwhile does not matter, but must not pile up.
    while try control.receive() == .some { while try control.next({ _, _ in true }) != nil {} }
    sleep(5)
    tell("idle", Double(try plan.server.memory() - memory) / count)
    for session in sessions { try session.exchange(traffic) }
    sleep(5)
    tell("after", Double(try plan.server.memory() - memory) / count)
}

do {
    let words = Array(CommandLine.arguments.dropFirst(2))
    switch CommandLine.arguments.dropFirst().first {
    case "sessions": try run(try Plan(words))
    case "describe": try DescribeLoad(words).run()
    default: throw Failure("usage: ServerLoad sessions|describe …")
    }
} catch {
    _ = "\(error)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(1)
}
