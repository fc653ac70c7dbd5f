// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTransport

/// Asks for instances among very many, in several ways in turn.
struct DescribeLoad {
    private static let rounds = 30
    private static let warmUps = 3

    private let endpoint: ServiceEndpoint

    init(_ words: [String]) throws {
        guard words.count == 3 else { throw Failure("usage: SECRET=… ServerLoad describe ENDPOINT CA KEY-ID") }
        let credentials = Credentials(accessKeyID: words[2], secretAccessKey: secret)
        endpoint = ServiceEndpoint(
            address: try ServerAddress(url: words[0]),
            trust: Trust(authorities: words[1]),
            region: "local",
            source: { credentials }
        )
    }

    func run() throws {
        func filtered(_ name: String, _ value: String) -> EC2.DescribeInstances {
            var request = EC2.DescribeInstances()
            request.filter = [EC2.Filter(name: name, value: [value])]
            return request
        }
        func page(_ limit: Int) -> EC2.DescribeInstances {
            var request = EC2.DescribeInstances()
            request.maxResults = limit
            return request
        }
        let questions = [
            ("page", page(1000), 1000), ("short", page(100), 100), ("name", filtered("tag:Name", "web-50000"), 1),
            ("none", filtered("tag:Name", "nobody"), 0), ("pattern", filtered("tag:Name", "web-5000*"), 11),
            ("id", filtered("instance-id", "i-00000000000000000"), 1),
        ]
        for round in 0..<(DescribeLoad.warmUps + DescribeLoad.rounds) {
            for (name, request, expected) in questions {
                let start = SystemClock.microseconds()
                let body = try ask(request)
                let milliseconds = Double(SystemClock.microseconds() - start) / 1000
                let found = body.split(separator: "<instanceId>").count - 1
                guard found == expected else { throw Failure("\(name) found \(found) instances, not \(expected)") }
                if round >= DescribeLoad.warmUps { tell(name, milliseconds) }
            }
        }
    }

    private func ask(_ request: EC2.DescribeInstances) throws -> String {
        let response = try endpoint.send(
            "POST",
            "/",
            service: "ec2",
            headers: [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
            body: try QueryEncoder.encode(request, operation: EC2.DescribeInstances.operation, version: EC2.version),
            timeout: 10_000,
            mayRepeat: true
        )
        guard response.status == 200 else { throw Failure("DescribeInstances: \(response.excerpt)") }
        return String(decoding: response.body, as: UTF8.self)
    }
}
