// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A proxy that passes connections on, all of them to one port of this machine, whatever server is asked for.
package enum ConnectProxy {
    /// What it demands as its login, what it answers, and where it leads to.
    private static let script = #"""
        import base64, socket, sys, threading
        server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(('127.0.0.1', int(sys.argv[1]))); server.listen()
        def pump(a, b):
            while data := a.recv(65536): b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        def serve(client):
            head = b''
            while not head.endswith(b'\r\n\r\n'):
                part = client.recv(1)
                if not part: return
                head += part
            lines = head.decode().split('\r\n')
            print(lines[0], flush=True)
            login = 'Proxy-Authorization: Basic ' + base64.b64encode(sys.argv[2].encode()).decode()
            if sys.argv[2] and login not in lines:
                return client.sendall(b'HTTP/1.1 407 No\r\n\r\n') or client.close()
            if sys.argv[3] != 'pass':
                return client.sendall(sys.argv[3].encode().decode('unicode_escape').encode()) or client.close()
            # Whatever the name, there is one server here.
            there = socket.create_connection(('127.0.0.1', int(sys.argv[4])))
            client.sendall(b'HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n')
            threading.Thread(target=pump, args=(there, client), daemon=True).start()
            pump(client, there)
        while True: threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
        """#

    /// Runs `body` with one, and ends it whatever happens.
    ///
    /// - Parameters:
    ///   - login: `USER:PASSWORD` that it demands; empty for none.
    ///   - answer: what it answers instead of passing anything on.
    ///   - body: gets its port, and a file with the first lines of all that it was asked.
    package static func with(
        login: String = "",
        answer: String = "pass",
        to target: Int = 9,
        _ body: (Int, String) throws -> Void
    ) throws {
        try Scratch.with { scratch in
            let port = try TestRelay.freePort()
            let log = "\(scratch.path)/proxy.log"
            let daemon = try BackgroundProcess(
                ["sh", "-c", "exec python3 -c \"$0\" \"$@\" >'\(log)'", script, "\(port)", login, answer, "\(target)"]
            )
            defer { daemon.stop() }
            try TestRelay.wait(for: "a proxy") {
                try Execution.run(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"]).status == 0
            }
            try body(port, log)
        }
    }
}
