// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeyStore
import Testing

struct DescribeManyTests {
    private static func filter(_ name: String, _ value: String) throws -> InstanceFilter {
        try #require(InstanceFilter(name: name, patterns: [WildcardPattern(value)]))
    }

    /// What is common is looked up for one instance after the other, what is rare at once; both find the same. How fast that is
    /// among a hundred thousand, `make benchmark PART=describe` tells.
    @Test func `among very many, what is common is found as what is rare is`() throws {
        try withStore { store, path in
            try execute(
                """
                WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
                INSERT INTO instance SELECT printf('i-%017x', i), 'running', 22, NULL, 'key', 1700000000000 + i FROM n;
                INSERT INTO instanceTag SELECT id, 'Name', 'web-' || substr(id, -5) FROM instance;
                INSERT INTO instanceTag SELECT id, 'env', 'prod' FROM instance;
                INSERT INTO instanceAddress SELECT id, 0, '10.0.0.1' FROM instance
                """,
                path
            )
            func count(_ filters: InstanceFilter..., limit: Int = 1000) throws -> Int {
                try store.describeInstances(filters, limit: limit).page.count
            }
            #expect(try count() == 1000)
            #expect(try count(Self.filter("tag:Name", "web-00eef")) == 1)
            #expect(try count(Self.filter("tag:env", "prod"), Self.filter("tag:Name", "web-00eef")) == 1)
            #expect(try count(Self.filter("tag:env", "p*"), Self.filter("private-ip-address", "*"), limit: 10) == 10)
            #expect(try count(Self.filter("tag:env", "p*"), Self.filter("ip-address", "10.*"), limit: 10) == 10)
            #expect(try count(Self.filter("tag:env", "p*"), Self.filter("ip-address", "11.*"), limit: 10) == 0)
            #expect(try count(Self.filter("tag:env", "prod")) == 1000)
            #expect(try count(Self.filter("tag:Name", "web-00ee*")) == 16)
        }
    }
}
