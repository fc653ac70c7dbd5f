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
        let script = """
            import datetime, json, sys
            import botocore.auth
            from botocore.auth import HTTPHeaders
            from botocore.awsrequest import AWSRequest
            from botocore.credentials import Credentials
            from urllib.parse import urlsplit
            now = datetime.datetime(2015, 8, 30, 12, 36)
            botocore.auth.get_current_datetime = lambda *a, **k: now
            result = []
            for method, url, headers, body, token in json.load(sys.stdin):
                c = Credentials('AKIDEXAMPLE', 'wJalr+Secret/KEY', token or None)
                s = getattr(botocore.auth, sys.argv[2])(c, sys.argv[1], 'us-east-1')
                kept = []
                real = s.canonical_request
                s.canonical_request = lambda r: kept.append(real(r)) or kept[-1]
                r = AWSRequest(method=method, url=url, data=body.encode() or None)
                r.context['timestamp'] = now.strftime('%Y%m%dT%H%M%SZ')
                for line in headers.splitlines():
                    name, value = line.split(':', 1)
                    r.headers[name] = value
                r.headers['Host'] = urlsplit(url).netloc
                s.add_auth(r)
                u = urlsplit(r.url)
                result.append({'method': method, 'path': u.path, 'query': u.query, 'body': body,
                    'headers': [[n, v] for n, v in r.headers.items()], 'canonical': kept[0],
                    'authorization': r.headers.get('Authorization', ''), 'token': token or None})
            print(json.dumps(result))
            """
        let input = try JSONEncoder().encode(cases)
        let execution = try Execution.require(["python3", "-c", script, service, signer], input: input)
        return try JSONDecoder().decode([SigningVector].self, from: execution.output)
    }
}
