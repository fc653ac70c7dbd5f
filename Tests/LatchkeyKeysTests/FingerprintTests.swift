// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyTestSupport
import Testing

@testable import LatchkeyKeys

struct FingerprintTests {
    /// Public keys that were imported into EC2, and the fingerprints that it answered.
    static let recorded = [
        (
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDP9LrByKWpgbX+prxBwnlf7lrmI5AfDwuiCofuvOAzt9/PwIDMMIAhlvlpm09jjOuuH/MRQApJB5A714Auv+hBKVK0lCq9KcTrnKZOpRj2aGgIZgaoO6P/POoZc+kBf9Y/GP18DCKc4y/XyBsp69dPP6XRdYBlEdeIeVZdgCPYrM7s5FjT7aML2ba2Y2EvH116hPxv+nJZGwM6yqWxWRyTOoNMMTAfNYmoKkNy2zC1FARUyqDwumJ2z5Fvo4ZdN1qoFPOsfPc3iB0NUtSZbLU1awScvHb0rwR5PRnelTZ3Nbkw8I8A0IAhBTE5veW9D38hDIJhRd4nW73BUhgmzDL7",
            "ad:57:77:5e:13:5f:87:5d:e8:95:46:cb:3c:92:a1:be", "35:76:17:80"
        ),
        (
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQD3F6tyPEFEzV0LX3X8BsXdMsQz1x2cEikKDEY0aIj41qgxMCP/iteneqXSIFZBp5vizPvaoIR3Um9xK7PGoW8giupGn+EPuxIA4cDM4vzOqOkiMPhz5XK0whEjkVzTo4+S0puvDZuwIsdiW9mxhJc7tgBNL0cYlWSYVkz4G/fslNfRPW5mYAM49f4fhtxPb5ok4Q2Lg9dPKVHO/Bgeu5woMc7RY0p1ej6D4CKFE6lymSDJpW0YHX/wqE9+cfEauh7xZcG0q9t2ta6F6fmX0agvpFyZo8aFbXeUBr7osSCJNgvavWbM/06niWrOvYX2xwWdhXmXSrbX8ZbabVohBK41",
            "d7:ff:a6:63:18:64:9c:57:a1:ee:ca:a4:ad:c2:81:62", "8a:47:95:"
        ),
    ]

    @Test(arguments: recorded) func `what EC2 showed of imported RSA keys is shown`(
        line: String,
        ec2: String,
        wireBeginning: String
    ) throws {
        let key = try #require(PublicKey(line: line))
        #expect(Fingerprint.ec2Imported(key) == ec2)
        #expect(FingerprintQuery(ec2)?.kind(matching: key, pkcs8SHA1: nil) == .spkiMD5)
        // Not what RFC 4716 says, whatever EC2's documentation does.
        let names = Fingerprint.all(of: key, pkcs8SHA1: nil)
        #expect(names.contains { $0.kind == .wireMD5 && $0.fingerprint.hasPrefix("MD5:" + wireBeginning) })
    }

    @Test(
        arguments: [
            "odzmoB4gyxi1jn9vGD4c+bOpt1XUX1JUyaHaWHHCO2w=", "8ZVMcTKqdR5hxMjZI3t6b09EPIOE5QA6G9/Z63ejNBM=",
        ]
    )
    func `what EC2 showed of ED25519 keys is what OpenSSH shows, written another way`(ec2: String) throws {
        let query = try #require(FingerprintQuery(ec2))
        for other in [
            String(ec2.dropLast()), "SHA256:\(ec2.dropLast())", "SHA256:\(ec2)",
            "256 SHA256:\(ec2.dropLast()) me (ED25519)",
        ] {
            #expect(FingerprintQuery(other) == query, "\(other)")
        }
        #expect(query.kinds == [.wireSHA256])
    }

    @Test(arguments: ["ed25519", "rsa -b 2048", "ecdsa -b 384"])
    func `every name of a key is ssh-keygen's, openssl's or puttygen's, and leads back to it`(type: String) throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/key"
            try Execution.require(["bash", "-c", "ssh-keygen -q -m PEM -t \(type) -N '' -f $0", path])
            let description = try KeyDescription(of: try KeyFile.read(path))
            let key = try #require(description.publicKey)
            let names = Fingerprint.all(of: key, pkcs8SHA1: description.pkcs8SHA1)
            let others =
                try Execution.require([
                    "bash", "-c",
                    """
                    set -e -o pipefail
                    ssh-keygen -l -f $0.pub; ssh-keygen -l -E md5 -f $0.pub; ssh-keygen -B -f $0.pub
                    puttygen $0.pub -l -E sha256; puttygen $0.pub -l -E md5
                    ssh-keygen -e -m PKCS8 -f $0.pub | openssl pkey -pubin -outform DER 2>/dev/null | openssl md5 -c || true
                    openssl pkcs8 -topk8 -nocrypt -in $0 -outform DER 2>/dev/null | openssl sha1 -c || true
                    """, path,
                ])
                .text
            for name in names where name.usedBy != "EC2" {
                #expect(others.contains(name.fingerprint), "\(name)\n\(others)")
            }
            for name in names {
                for written in [name.fingerprint, name.fingerprint.uppercased()]
                where written == name.fingerprint || !name.fingerprint.contains("SHA256") && name.usedBy != "EC2" {
                    let query = try #require(FingerprintQuery(written), "\(written)")
                    #expect(query.kind(matching: key, pkcs8SHA1: description.pkcs8SHA1) == name.kind, "\(written)")
                }
            }
            let bare = try #require(names.first { $0.kind == .wireMD5 }).fingerprint.dropFirst(4).filter { $0 != ":" }
            #expect(FingerprintQuery(bare)?.kind(matching: key, pkcs8SHA1: nil) == .wireMD5)
        }
    }

    @Test(
        arguments: [
            "", "web-1", "i-0a1b2c3d4e5f60718", "SHA256:", "SHA256:abc", "MD5:zz", "aa:bb:cc", "10.0.0.1",
            "ad:57:77:5e:13:5f:87:5d:e8:95:46:cb:3c:92:a1", "x-x", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqFzCf0Mu2I",
        ]
    )
    func `what is no fingerprint is not taken for one`(text: String) { #expect(FingerprintQuery(text) == nil) }

    @Test func `a certificate is called by its key, as ssh-keygen does`() throws {
        try Scratch.with { scratch in
            let script = """
                cd $0; ssh-keygen -q -t ed25519 -N '' -f ca
                for type in ed25519 rsa ecdsa; do
                    ssh-keygen -q -t $type -N '' -f $type; ssh-keygen -q -s ca -I id -n admin $type.pub
                    ssh-keygen -l -f $type-cert.pub
                done
                """
            let listed = try Execution.require(["bash", "-c", script, scratch.path]).text
            for type in ["ed25519", "rsa", "ecdsa"] {
                let certificate = try PublicKeyText(reading: try scratch.read("\(scratch.path)/\(type)-cert.pub")).key
                let key = try PublicKeyText(reading: try scratch.read("\(scratch.path)/\(type).pub")).key
                #expect(certificate.isCertificate && certificate.certifiedKey == key)
                #expect(certificate.typeName == type)
                #expect(listed.contains(Fingerprint.openSSH(certificate)))
                let text = PublicKeyText(key: certificate, comment: "", format: .openssh)
                #expect(throws: KeyFault.unsupported("a certificate, which X.509 does not know")) {
                    try text.text(.spki)
                }
            }
        }
    }
}
