// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport
import Testing

@testable import LatchkeyAgent

struct AllowedUsersTests {
    private static func user(_ name: String, _ identifier: UInt32) -> LocalUser {
        LocalUser(name: name, identifier: identifier, group: identifier, home: "/", shell: "", groups: [identifier])
    }

    private static let (root, toor) = (user("root", 0), user("toor", 0))
    private static let (deploy, session) = (user("deploy", 1000), user("ssm-user", 1001))

    @Test func `without a list all may but root, whatever it is called`() {
        let users = AllowedUsers(names: [], defaultUser: nil)
        #expect(users.contains(Self.deploy) && users.contains(Self.session))
        #expect(!users.contains(Self.root) && !users.contains(Self.toor))
        #expect(users.includesOwnUser)
        #expect(throws: SessionBackendFailure.self) { try users.check(Self.root) }
    }

    @Test func `with a list those on it may, and nobody else`() throws {
        let users = AllowedUsers(names: ["deploy"], defaultUser: nil)
        #expect(users.contains(Self.deploy) && !users.contains(Self.session) && !users.contains(Self.root))
        let withRoot = AllowedUsers(names: ["deploy", "root"], defaultUser: nil)
        #expect(withRoot.contains(Self.root) && !withRoot.contains(Self.toor))
        try users.check(Self.deploy)
        #expect(AllowedUsers(names: ["no-such-user"], defaultUser: nil).includesOwnUser == false)
    }

    @Test func `the default user that was told need not be on it`() {
        let users = AllowedUsers(names: ["deploy"], defaultUser: "root")
        #expect(users.contains(Self.root) && users.contains(Self.deploy) && !users.contains(Self.session))
    }
}
