// SPDX-License-Identifier: Apache-2.0

import Foundation

extension TestRelay {
    private struct Server: Decodable {
        let accessKeyID: String
        let secretAccessKey: String
        let region: String
    }

    /// Makes this server the profile `own` of another home's AWS configuration.
    ///
    /// - Parameters:
    ///   - key: an access key's id and secret; nil for the home's own.
    ///   - secret: nil for the right one.
    ///   - url: where it is to be asked; nil for where it is.
    /// - Returns: variables that choose it, and nothing else of AWS's.
    package func profile(
        in client: Scratch,
        key: (id: String, secret: String)? = nil,
        secret: String? = nil,
        endpoint url: String? = nil
    ) throws -> [String: String?] {
        let content = try scratch.read("\(scratch.latchkeyHome)/latchkeyd.json")
        let known = try JSONDecoder().decode(Server.self, from: Data(content.utf8))
        let config = """
            [profile own]
            region = \(known.region)
            endpoint_url = \(url ?? endpoint)
            ca_bundle = \(authority)
            aws_access_key_id = \(key?.id ?? known.accessKeyID)
            aws_secret_access_key = \(secret ?? key?.secret ?? known.secretAccessKey)

            """
        var variables: [String: String?] = [:]
        for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("AWS_") {
            variables.updateValue(nil, forKey: name)
        }
        return try variables.merging([
            "AWS_CONFIG_FILE": client.write("aws-config", config), "LATCHKEY_PROFILE": "own",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        ]) { $1 }
    }
}
