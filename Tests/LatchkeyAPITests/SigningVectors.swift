// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeySystem
import LatchkeyTestSupport

@testable import LatchkeyAPI

/// A request as botocore signs it, and how it says so.
struct SigningVector: Decodable {
    let method: String
    let path: String
    let query: String
    let headers: [[String]]
    let body: String
    /// What botocore built on the way.
    let canonical: String
    let authorization: String
    let token: String?

    /// As it goes over the wire, the authorization included.
    var request: SignableRequest {
        SignableRequest(
            method: method,
            path: path,
            query: query,
            headers: headers.map { ($0[0], $0[1]) },
            body: Array(body.utf8)
        )
    }

    static let credentials = Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalr+Secret/KEY")
    /// 30 August 2015, 12:36.
    static let date = Date(timeIntervalSince1970: 1_440_938_160)

    /// Lets botocore sign requests.
    ///
    /// - Parameters:
    ///   - cases: method, URL, headers, body and token (empty for none) of each.
    ///   - signer: the name of its class.
    static func make(
        _ cases: [[String]],
        service: String = "ssm",
        signer: String = "SigV4Auth"
    ) throws -> [SigningVector] {
        let script = Script.text("signing_vectors")
        let input = try JSONEncoder().encode(cases)
        let execution = try Execution.require(["python3", "-c", script, service, signer], input: input)
        return try JSONDecoder().decode([SigningVector].self, from: execution.output)
    }
}
