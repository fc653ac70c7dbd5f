// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Where private bytes are found after they were used: nowhere but in their own file.
struct SecretHygieneTests {
    private static let passphrase = "correct-horse-battery-staple"

    /// Looks for the private numbers of a key (as they are, and the other way round, as OpenSSL keeps them), for lines of
    /// its text and for its passphrase in a process's whole memory, or in all files of a folder.
    private static let search = """
        import hashlib, os, re, subprocess, sys
        kind, where, plain, key, passphrase, control = sys.argv[1:]
        text = subprocess.run(['openssl', 'pkey', '-in', plain, '-noout', '-text'], capture_output=True, text=True, check=True).stdout
        patterns = {}
        for name, digits in re.findall(r'(\\w[\\w ]*\\d?):\\n((?:\\s+[0-9a-f:]+\\n)+)', text):
            number = bytes.fromhex(re.sub(r'[\\s:]', '', digits)).lstrip(b'\\0')
            if name.startswith(('modulus', 'pub')) or len(number) < 24: continue
            patterns[name], patterns[name + ' reversed'] = number, number[::-1]
            if len(number) == 32: patterns['the expanded key'] = hashlib.sha512(number).digest()[:32]
        numbers = {name: int.from_bytes(number, 'big') for name, number in patterns.items() if 'reversed' not in name}
        if 'prime1' in numbers:
            # From each of these and the public half the key follows.
            p, q = numbers['prime1'], numbers['prime2']
            from math import gcd
            follow = {'p-1': p - 1, 'q-1': q - 1, 'phi': (p - 1) * (q - 1), 'lambda': (p - 1) * (q - 1) // gcd(p - 1, q - 1)}
            for name, number in follow.items():
                patterns[name] = number.to_bytes((number.bit_length() + 7) // 8, 'big')
                patterns[name + ' reversed'] = patterns[name][::-1]
        lines = [line for line in open(key).read().split('\\n') if len(line) > 40 and '-' not in line and ':' not in line]
        for number, line in enumerate(lines[len(lines) // 2:]): patterns['line %d of the file' % number] = line.encode()
        patterns['the passphrase'] = passphrase.encode()
        assert len(patterns) >= 4, text
        patterns['control'] = control.encode()
        found = set()
        def look(data, place):
            for name, pattern in patterns.items():
                if pattern in data: found.add((name, place if name != 'control' else ''))
        if kind == 'process':
            for line in open('/proc/%s/maps' % where):
                fields = line.split()
                start, end = (int(part, 16) for part in fields[0].split('-'))
                if 'r' not in fields[1] or fields[-1] in ('[vvar]', '[vsyscall]'): continue
                try:
                    with open('/proc/%s/mem' % where, 'rb') as memory:
                        memory.seek(start)
                        look(memory.read(end - start), fields[-1])
                except OSError: pass
            look(open('/proc/%s/cmdline' % where, 'rb').read(), 'its arguments')
            look(open('/proc/%s/environ' % where, 'rb').read(), 'its environment')
        else:
            for folder, _, files in os.walk(where):
                for file in files:
                    path = os.path.join(folder, file)
                    if path not in (plain, key) and os.path.isfile(path): look(open(path, 'rb').read(), path)
        print('\\n'.join('%s %s' % pair for pair in sorted(found)))
        """

    /// - Returns: what was found; `control` must be among it, or the search sees nothing at all.
    private static func found(
        _ kind: String,
        _ place: String,
        _ scratch: Scratch,
        _ key: String,
        control: String
    ) throws -> [String] {
        let plain = "\(scratch.path)/plain"
        return try Execution.require(["python3", "-c", search, kind, place, plain, key, passphrase, control])
            .text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let type: String
        let format: String
        let isEncrypted: Bool
        var testDescription: String { "\(type) \(format)\(isEncrypted ? " encrypted" : "")" }
    }

    static let cases = [
        Case(type: "ed25519", format: "openssh", isEncrypted: false),
        Case(type: "ed25519", format: "openssh", isEncrypted: true),
        Case(type: "rsa", format: "pem", isEncrypted: false), Case(type: "rsa", format: "pem", isEncrypted: true),
        Case(type: "rsa", format: "openssh", isEncrypted: false), Case(type: "rsa", format: "ppk", isEncrypted: true),
        Case(type: "ecdsa", format: "pkcs8", isEncrypted: true),
        Case(type: "ecdsa", format: "sec1", isEncrypted: false),
    ]

    @Test(arguments: cases) func `after the login nothing of the key is left in memory, arguments, files`(test: Case)
        throws
    {
        try Scratch.with { scratch in
            // The same key in the clear for the search, and in the form that is used.
            let (plain, key) = ("\(scratch.path)/plain", "\(scratch.sshFolder)/key")
            let maker =
                switch test.type {
                case "rsa": "openssl genpkey -quiet -algorithm rsa -pkeyopt rsa_keygen_bits:2048"
                case "ecdsa": "openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256"
                default: "openssl genpkey -algorithm ed25519"
                }
            try Execution.require(["bash", "-c", "\(maker) -out $0; chmod 600 $0", plain])
            let secret = try scratch.write("passphrase", Self.passphrase)
            let passphrase = test.isEncrypted ? ["--new-passphrase-file", secret] : []
            try Execution.require(
                [Scratch.program, "key", "convert", plain, key, "--format", test.format] + passphrase,
                environment: scratch.environment
            )
            try FileManager.default.removeItem(atPath: secret)
            let line = try Execution.require([Scratch.program, "key", "convert", plain, "--format", "public"]).line

            try TestInstance.with(authorizing: [line]) { instance in
                try instance.add("web-1", to: scratch)
                try Screen.with(scratch) { screen in
                    try screen.enter("\(Scratch.program) connect web-1 -v --key \(key) -- 'echo a-marker; sleep 1000'")
                    if test.isEncrypted {
                        try screen.expect("Passphrase for the key")
                        try screen.enter(Self.passphrase)
                    }
                    try screen.expect("command started")
                    let pattern = "^\(Scratch.program) connect web-1 -v --key \(key) "
                    let process = try Execution.require(["pgrep", "-f", pattern]).line
                    let inMemory = try Self.found("process", process, scratch, key, control: "a-marker; sleep 1000")
                    #expect(inMemory == ["control"])
                    let content = try screen.content()
                    #expect(!content.contains(Self.passphrase))
                    // No core file either.
                    let limit = try scratch.read("/proc/\(process)/limits").split(separator: "\n")
                        .first { $0.hasPrefix("Max core file size") }
                    #expect(limit?.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
                    try screen.press("C-c")
                }
                let control = try scratch.write("control", "here")
                let onDisk = try Self.found("folder", scratch.path, scratch, key, control: "here")
                #expect(onDisk == ["control"])
                #expect(FileManager.default.fileExists(atPath: control))
            }
        }
    }

    @Test func `a crash leaves no core file and shows nothing of the memory`() throws {
        try Scratch.with { scratch in
            try scratch.latchkey("key", "create", "web")
            let key = try scratch.latchkey("key", "show", "web", "--public-key").line
            try TestInstance.with(authorizing: [key]) { instance in
                try instance.add("web-1", to: scratch, key: "web")
                let script = """
                    cd $1; ulimit -c unlimited; "$0" connect web-1 -- 'echo begun; sleep 1000' >out & pid=$!
                    until [ -s out ]; do sleep 0.1; done; kill -SEGV $pid; wait $pid; echo $?; rm out; ls -A
                    """
                try FileManager.default.createDirectory(
                    atPath: "\(scratch.path)/empty",
                    withIntermediateDirectories: true
                )
                let run = try Execution.run(
                    ["bash", "-c", script, Scratch.program, "\(scratch.path)/empty"],
                    environment: scratch.environment
                )
                #expect(run.text == "139\n", "\(run)")
                #expect(!run.error.contains("Registers") && !run.error.contains("crashed"), "\(run)")
            }
        }
    }

    @Test func `a key that is made or converted leaves no draft behind`() throws {
        try Scratch.with { scratch in
            let path = try scratch.latchkey("key", "create", "web", "--type", "rsa").line
            let plain = "\(scratch.path)/plain"
            try scratch.latchkey("key", "convert", path, plain, "--format", "pkcs8")
            try scratch.latchkey("key", "convert", path, "\(scratch.path)/out.ppk", "--format", "ppk")
            try FileManager.default.removeItem(atPath: "\(scratch.path)/out.ppk")
            try scratch.write("control", "here")
            #expect(try Self.found("folder", scratch.path, scratch, path, control: "here") == ["control"])
        }
    }
}
