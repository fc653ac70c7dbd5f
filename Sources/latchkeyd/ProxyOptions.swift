// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import LatchkeyServer

/// How clients reach a latchkeyd that stands behind a proxy.
struct ProxyOptions: ParsableArguments {
    @Option(
        name: .customLong("public-url"),
        help: ArgumentHelp(
            "Where clients reach this server, if not where their requests arrive, as behind a proxy that ends TLS.",
            valueName: "url"
        )
    )
    var publicURL: String?

    @Option(
        help: ArgumentHelp(
            """
            A proxy whose Forwarded and X-Forwarded headers are believed: its address, or a network; may be given several \
            times. By default none is.
            """,
            valueName: "address[/bits]"
        ),
        transform: { text in
            guard let range = AddressRange(text) else {
                throw ValidationError("'\(text.terminalSafe)' is neither an IP address nor ADDRESS/BITS")
            }
            return range
        }
    )
    var trustedProxy: [AddressRange] = []

    func validate() throws { _ = try origin() }

    func origin() throws -> PublicOrigin {
        do { return try PublicOrigin(url: publicURL, proxies: trustedProxy) } catch {
            throw ValidationError(
                "--public-url must be https://HOST[:PORT] without a path, or http:// for this machine only"
            )
        }
    }
}
