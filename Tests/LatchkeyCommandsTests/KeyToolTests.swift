// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// `key fingerprint`, `key match`, `key convert`, and the forms that keys are made and imported in.
struct KeyToolTests {
    private func fingerprints(_ scratch: Scratch, _ key: String) throws -> [String] {
        struct Report: Decodable {
            struct Name: Decodable { let fingerprint: String }
            let fingerprints: [Name]
        }
        let output = try scratch.latchkey("key", "fingerprint", key, "-o", "json").output
        return try JSONDecoder().decode(Report.self, from: output).fingerprints.map(\.fingerprint)
    }

    @Test(arguments: ["ed25519", "rsa"]) func `PuTTY's form is made, found and used as any other`(type: String) throws {
        try Scratch.with { scratch in
            let path = try scratch.latchkey("key", "create", "web", "-t", type, "-f", "ppk").line
            #expect(path == "\(scratch.keyFolder)/web.ppk")
            let listed = try Execution.require(["puttygen", path, "-L"]).line
            #expect(try scratch.latchkey("key", "show", "web", "--public-key").line == listed)
            try TestInstance.with(authorizing: [listed], options: ["MaxAuthTries=1"]) { instance in
                try instance.add("web-1", to: scratch, key: "web")
                #expect(try scratch.latchkey("connect", "web-1", "--", "echo in").text == "in\n")
            }
            #expect(try scratch.latchkey("key", "create", "web").status == 1)
            #expect(try scratch.latchkey("key", "delete", "web", "--with-private-key").status == 0)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test(arguments: ["ed25519", "rsa"]) func `every fingerprint leads back to its file`(type: String) throws {
        try Scratch.with { scratch in
            for name in ["web", "other"] { try scratch.latchkey("key", "create", name, "-t", type) }
            let path = "\(scratch.keyFolder)/web.pem"
            let names = try fingerprints(scratch, path)
            #expect(names.count == (type == "rsa" ? 7 : 6))
            for name in names + [try scratch.latchkey("key", "show", "web", "--public-key").line, "web", path] {
                let run = try scratch.latchkey("key", "match", name)
                #expect(run.status == 0 && run.text.hasPrefix("\(path)\n"), "\(name): \(run)")
                #expect(run.text.contains("key pair 'web'"))
            }
        }
    }

    @Test func `a fingerprint that nothing here has is told what it is`() throws {
        try Scratch.with { scratch in
            try scratch.latchkey("key", "create", "web", "-t", "rsa")
            let cases = [
                ("00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33", "only the private file can prove it"),
                ("00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff", "RSA keys that were imported"),
                ("MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff", "older one"),
                ("odzmoB4gyxi1jn9vGD4c+bOpt1XUX1JUyaHaWHHCO2w=", "SHA-256"),
                ("xucid-tykeg-rahef-nypek-reban-covub-nucav-nokiz-lasuc-famuf-maxix", "words for a SHA-1"),
            ]
            for (fingerprint, words) in cases {
                let run = try scratch.latchkey("key", "match", fingerprint)
                #expect(run.status == 1 && run.output.isEmpty && run.error.contains(words), "\(fingerprint): \(run)")
            }
            let run = try scratch.latchkey("key", "match", "nonsense")
            #expect(run.status == 1 && run.error.contains("is not a fingerprint, public key, key pair or instance"))
        }
    }

    @Test func `a key behind a passphrase is told to be possible, and tells with it`() throws {
        try Scratch.with { scratch in
            let path = try scratch.latchkey("key", "create", "web", "-t", "rsa").line
            let created = try fingerprints(scratch, path)[0]
            let secret = try scratch.write("passphrase", "hunter2\n")
            let hidden = "\(scratch.sshFolder)/hidden"
            let converted = try scratch.latchkey(
                "key",
                "convert",
                path,
                hidden,
                "--format",
                "pem",
                "--new-passphrase-file",
                secret
            )
            #expect(converted.status == 0, "\(converted)")
            try FileManager.default.removeItem(atPath: path)
            let run = try scratch.latchkey("key", "match", created)
            #expect(run.status == 1 && run.error.contains("only their passphrases would tell: '\(hidden)'"), "\(run)")
            try Screen.with(scratch, columns: 200) { screen in
                try screen.enter("\(Scratch.program) key fingerprint --unlock \(hidden)")
                try screen.expect("Passphrase for the key")
                try screen.enter("hunter2")
                try screen.expect(created)
            }
        }
    }

    @Test(arguments: ["openssh", "pem", "pkcs8", "ppk", "ppk2"])
    func `an encrypted key stays encrypted, and its passphrase can be changed`(format: String) throws {
        try Scratch.with { scratch in
            let source = "\(scratch.path)/source"
            try Execution.require(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-a", "2", "-N", "one", "-f", source])
            let (one, two) = (try scratch.write("one", "one\r\n"), try scratch.write("two", "two"))
            let out = "\(scratch.path)/out"
            let run = try scratch.latchkey("key", "convert", source, out, "-f", format, "--passphrase-file", one)
            #expect(run.status == 0 && run.line == out, "\(run)")
            func opens(_ path: String, _ passphrase: String) throws -> Bool {
                let again = try scratch.latchkey(
                    "key",
                    "convert",
                    path,
                    "-",
                    "-f",
                    "openssh",
                    "--passphrase-file",
                    passphrase
                )
                return again.status == 0 && again.text.contains("OPENSSH PRIVATE KEY")
            }
            #expect(try opens(out, one) && !opens(out, two))
            #expect(try FileManager.default.attributesOfItem(atPath: out)[.posixPermissions] as? Int == 0o600)
            let other = "\(scratch.path)/other"
            try scratch.latchkey(
                "key",
                "convert",
                out,
                other,
                "-f",
                format,
                "--passphrase-file",
                one,
                "--new-passphrase-file",
                two
            )
            #expect(try opens(other, two) && !opens(other, one))
            // What is there is not written over.
            let refused = try scratch.latchkey("key", "convert", source, other, "-f", format, "--passphrase-file", one)
            #expect(refused.status == 1 && refused.error.contains("exists already"), "\(refused)")
            let wrong = try scratch.latchkey(
                "key",
                "convert",
                source,
                "\(scratch.path)/no",
                "-f",
                format,
                "--passphrase-file",
                two
            )
            #expect(wrong.status == 1 && wrong.error.contains("no passphrase that was given opens"), "\(wrong)")
        }
    }

    @Test func `what cannot be converted is told, and nothing is written`() throws {
        try Scratch.with { scratch in
            let path = try scratch.latchkey("key", "create", "web").line
            let out = "\(scratch.path)/out"
            let secret = try scratch.write("open", "x", mode: 0o644)
            let long = try scratch.write("long", String(repeating: "q", count: 1025))
            let line = try scratch.write("line.pub", try scratch.latchkey("key", "show", "web", "--public-key").line)
            let cases: [([String], Int32, String)] = [
                ([path, out, "-f", "pkcs1"], 1, "PKCS#1 cannot hold"),
                ([path, out, "-f", "sec1"], 1, "SEC1 cannot hold"),
                ([path, "-f", "ppk"], 64, "a private key needs a file to go to"),
                ([line, out, "-f", "ppk"], 1, "holds a public key only"),
                (["/etc/hostname", out, "-f", "ppk"], 1, "there is no key in"),
                (["/nowhere", out, "-f", "ppk"], 1, "no such file"),
                ([path, out, "-f", "ppk", "--new-passphrase-file", secret], 1, "can be read by others"),
                (
                    [path, out, "-f", "ppk", "--new-passphrase"], 1,
                    "there is no terminal to ask for the new passphrase"
                ),
                ([path, out, "-f", "ppk", "--new-passphrase-file", "/dev/null"], 1, "begins with an empty line"),
                ([path, out, "-f", "ppk", "--no-passphrase", "--new-passphrase"], 64, "exclude each other"),
                ([path, out, "-f", "xml"], 64, "one of the following: openssh, pem"),
                ([path, out, "-f", "pem", "--new-passphrase-file", long], 1, "more than 1024 bytes"),
            ]
            for (arguments, status, error) in cases {
                let run = try Execution.run(
                    ["setsid", "--wait", Scratch.program, "key", "convert"] + arguments,
                    environment: scratch.environment
                )
                #expect(run.status == status && run.error.contains(error), "\(arguments): \(run)")
                #expect(!FileManager.default.fileExists(atPath: out))
            }
        }
    }

    @Test func `every public form is imported, and a certificate is not`() throws {
        try Scratch.with { scratch in
            let pair = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqFzCf0Mu2IKRW0BZkqCTLTg5YVXB4y5y9fQFcdLTGi\n"
            let list = try scratch.latchkey("key", "import", "list", "-", input: Data((pair + pair).utf8))
            #expect(list.status == 1 && list.error.contains("is a list of 2 public keys, not one"), "\(list)")
            try Execution.require([
                "bash", "-c", "openssl genpkey -quiet -algorithm rsa -outform DER -out $0; chmod 600 $0",
                "\(scratch.path)/der",
            ])
            let binary = try scratch.latchkey("key", "import", "der", "\(scratch.path)/der")
            #expect(binary.status == 1 && binary.error.contains("is in DER, a binary form"), "\(binary)")
            let path = try scratch.latchkey("key", "create", "web", "-t", "rsa").line
            let line = try scratch.latchkey("key", "show", "web", "--public-key").line
            for format in ["public", "rfc4716", "spki", "der"] {
                let text = try scratch.latchkey("key", "convert", path, "-f", format).text
                let imported = try scratch.latchkey("key", "import", format, "-", input: Data(text.utf8))
                #expect(imported.status == 0, "\(format): \(imported)")
                let shown = try scratch.latchkey("key", "show", format, "--public-key").line
                #expect(shown.split(separator: " ")[1] == line.split(separator: " ")[1])
            }
            let script = "cd $0; ssh-keygen -q -t ed25519 -N '' -f ca; ssh-keygen -q -s ca -I id ca.pub"
            try Execution.require(["bash", "-c", script, scratch.path])
            let certificate = try scratch.latchkey("key", "import", "cert", "\(scratch.path)/ca-cert.pub")
            #expect(certificate.status == 1 && certificate.error.contains("import the key that was certified"))
        }
    }
}

/// `doctor` and `instance password`.
struct DoctorTests {
    @Test func `a set-up in order is fine, and what is not is told with what to do`() throws {
        try Scratch.with { scratch in
            try scratch.latchkey("key", "create", "web")
            let fine = try scratch.latchkey("doctor")
            #expect(fine.status == 0 && fine.text.contains("1 private key is here"), "\(fine)")
            #expect(!fine.text.contains("\n- "))

            try Execution.require([
                "bash", "-c",
                """
                cd $0
                ssh-keygen -q -t rsa -b 1024 -N '' -f weak; puttygen -q -t ecdsa -b 521 --new-passphrase /dev/null -o p521.ppk
                puttygen -q -t dsa --new-passphrase /dev/null -o dsa.ppk
                ssh-keygen -q -t ecdsa -b 521 -N '' -f modern; ssh-keygen -q -t ecdsa -b 521 -N '' -f era; touch -d 2020-01-01 era
                ssh-keygen -q -t ed25519 -N '' -f open; chmod 644 open; head -c 200 weak > cut; chmod 600 cut
                openssl genrsa -aes128 -traditional -passout pass:x -out hidden 2048 2>/dev/null; chmod 600 hidden
                """, scratch.sshFolder,
            ])
            try scratch.latchkey("instance", "add", "web-1", "--address", "127.0.0.1", "--key", "nope")
            try scratch.latchkey("key", "import", "away", "\(scratch.sshFolder)/open.pub")
            let run = try scratch.latchkey("doctor", environment: ["SSH_AUTH_SOCK": "\(scratch.path)/nowhere"])
            #expect(run.status == 1)
            let expected = [
                "- key        '\(scratch.sshFolder)/weak' is an RSA key of 1024 bits, which is too weak",
                "- key        '\(scratch.sshFolder)/p521.ppk' is on P-521: PuTTY 0.68 to 0.80",
                "- key        '\(scratch.sshFolder)/dsa.ppk' is a DSA key",
                "? key        '\(scratch.sshFolder)/era' is on P-521", "chmod 600 '\(scratch.sshFolder)/open'",
                "'\(scratch.sshFolder)/cut' is cut off or damaged", "1 key hides the public half",
                "not on this machine are the private halves of 'away'", "no host key is pinned for 'web-1'",
                "key pairs that are not registered are noted for 'web-1'", "where no ssh-agent answers",
            ]
            for words in expected { #expect(run.text.contains(words), "\(words)\n\(run.text)") }
            #expect(!run.text.contains("/modern'"))
            let json = try scratch.latchkey("doctor", "-o", "json").text
            #expect(json.contains("\"severity\" : \"problem\""))
        }
    }

    @Test func `a broken configuration and store are found`() throws {
        try Scratch.with { scratch in
            try scratch.latchkey("instance", "add", "web-1", "--address", "127.0.0.1")
            try scratch.write("\(scratch.latchkeyHome)/config.json", "{")
            #expect(try scratch.latchkey("doctor").text.contains("- settings   the configuration"))
            try FileManager.default.removeItem(atPath: "\(scratch.latchkeyHome)/config.json")
            try scratch.write("\(scratch.latchkeyHome)/latchkey.db", String(repeating: "x", count: 8192))
            let run = try scratch.latchkey("doctor")
            #expect(run.status == 1 && run.text.contains("- store "), "\(run)")
        }
    }

    @Test func `a Windows password is decrypted, and every failure reads alike`() throws {
        try Scratch.with { scratch in
            try scratch.latchkey("key", "create", "win", "-t", "rsa")
            try scratch.latchkey("key", "create", "modern")
            for (name, key) in [("win-1", "win"), ("lin-1", "modern"), ("none", "nope")] {
                try scratch.latchkey("instance", "add", name, "--address", "127.0.0.1", "--key", key)
            }
            try scratch.latchkey("key", "convert", "\(scratch.keyFolder)/win.pem", "\(scratch.path)/spki", "-f", "spki")
            func encrypt(_ text: String, _ padding: String = "pkcs1") throws -> String {
                let plain = try scratch.write("text", text)
                let script =
                    "openssl pkeyutl -encrypt -pubin -inkey $0 -pkeyopt rsa_padding_mode:\(padding) -in $1 | base64"
                return try Execution.require(["bash", "-c", script, "\(scratch.path)/spki", plain]).text
            }
            func password(_ instance: String, _ data: String, _ more: String...) throws -> Execution {
                try Execution.run(
                    [Scratch.program, "instance", "password", instance, "--data", "-"] + more,
                    input: Data(data.utf8),
                    environment: scratch.environment
                )
            }
            let encrypted = try encrypt("S3cret&Pass!")
            #expect(try password("win-1", encrypted).text == "S3cret&Pass!\n")
            let line = encrypted.filter { !$0.isNewline }
            let json = "{\"InstanceId\": \"i-1\", \"PasswordData\": \"\\r\\n\(line)\\r\\n\", \"Timestamp\": \"\"}"
            #expect(try password("win-1", json).text == "S3cret&Pass!\n")

            let failures = [
                try password("win-1", "AAAA"), try password("win-1", "!!!"),
                try password("win-1", try encrypt("x", "oaep")), try password("win-1", try encrypt("a\u{1B}[2J")),
                try password("win-1", String(line.reversed())),
            ]
            #expect(Set(failures.map(\.error)).count == 1, "\(failures.map(\.error))")
            #expect(failures.allSatisfy { $0.status == 1 && $0.output.isEmpty })
            #expect(failures[0].error.contains("does not decrypt the password of 'win-1'"))

            for empty in ["", "{\"PasswordData\": \"\"}"] {
                #expect(try password("win-1", empty).error.contains("is not ready yet"))
            }
            #expect(try password("lin-1", encrypted).error.contains("is ed25519, with which nothing can be decrypted"))
            #expect(try password("none", encrypted).error.contains("no registered key pair is noted"))
            #expect(try password("none", encrypted, "--key", "win").text == "S3cret&Pass!\n")
            let nothing = try scratch.latchkey("instance", "password", "win-1")
            #expect(nothing.status == 1 && nothing.error.contains("aws ec2 get-password-data --instance-id i-"))
        }
    }
}
