// SPDX-License-Identifier: Apache-2.0

/// The user to log in as on an instance for which none is set. The images of a distribution agree on one user, which
/// is in none of EC2's answers, but follows from what these say about the image.
enum LoginUser {
    /// Parts of an image's name or description, and the user. The first one that is found counts, so what is derived
    /// from something else stands before it.
    private static let byWord: [(word: String, user: String)] = [
        ("windows", "Administrator"), ("bitnami", "bitnami"), ("flatcar", "core"), ("coreos", "core"),
        ("bottlerocket", "ec2-user"), ("ubuntu", "ubuntu"), ("kali", "kali"), ("debian", "admin"),
        ("centos stream", "ec2-user"), ("centos-stream", "ec2-user"), ("centos", "centos"), ("rocky", "rocky"),
        ("almalinux", "ec2-user"), ("fedora", "fedora"), ("archlinux", "arch"), ("arch-linux", "arch"),
        ("alpine", "alpine"), ("freebsd", "ec2-user"), ("openbsd", "ec2-user"), ("nixos", "root"), ("rhel", "ec2-user"),
        ("red hat", "ec2-user"), ("suse", "ec2-user"), ("amazon linux", "ec2-user"), ("amzn", "ec2-user"),
        ("al2023", "ec2-user"), ("oracle linux", "ec2-user"), ("oraclelinux", "ec2-user"),
    ]

    /// - Parameter texts: a name, a description, EC2's `platformDetails`; the earlier ones count first.
    /// - Returns: nil if nothing in them tells.
    static func guess(from texts: [String?]) -> String? {
        for text in texts.compactMap({ $0?.lowercased() }) {
            if let entry = byWord.first(where: { text.contains($0.word) }) { return entry.user }
        }
        return nil
    }
}
