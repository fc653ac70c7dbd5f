// SPDX-License-Identifier: Apache-2.0

package import LatchkeyAPI
internal import LatchkeyModel
package import LatchkeyTransport

/// A remote control plane's services as one user of them.
package struct RemoteService: Sendable {
    package let settings: RemoteSettings
    package let region: String
    private let keeper: CachingCredentialProvider
    private let ec2: QueryClient
    /// Systems Manager, which opens sessions.
    package let sessions: ServiceClient
    /// EC2 Instance Connect, which lets keys in for a minute.
    package let instanceConnect: ServiceClient
    /// Whether Systems Manager is AWS's own, whose relay knows its own documents only.
    package let isAmazon: Bool
    /// Where EC2 is asked.
    package let address: ServerAddress

    /// Stays off the network; credentials are looked for at the first request.
    ///
    /// - Throws: `configurationInvalid`.
    package init(_ settings: RemoteSettings, _ keeper: CachingCredentialProvider) throws {
        self.settings = settings
        self.keeper = keeper
        let region = try settings.region()
        self.region = region
        func endpoint(_ service: RemoteSettings.Service) throws -> ServiceEndpoint {
            ServiceEndpoint(
                address: try settings.address(of: service, region: region),
                trust: settings.trust,
                region: region,
                source: { try keeper.credentials() }
            )
        }
        let ec2Endpoint = try endpoint(.ec2)
        address = ec2Endpoint.address
        ec2 = QueryClient(ec2Endpoint, dialect: .ec2, retries: settings.retries)
        let sessionEndpoint = try endpoint(.ssm)
        sessions = ServiceClient(sessionEndpoint, retries: settings.retries)
        instanceConnect = ServiceClient(try endpoint(.instanceConnect))
        isAmazon = Partition.isAmazon(host: sessionEndpoint.address.host)
    }

    /// What changes instances and key pairs there; on AWS nothing is ever changed.
    ///
    /// - Throws: `usage` on AWS.
    func operations(forget: @escaping @Sendable () -> Void) throws -> EC2Operations {
        guard !isAmazon, !Partition.isAmazon(host: address.host) else {
            throw LatchkeyError(
                .usage,
                "Latchkey changes nothing on AWS, only at a latchkeyd",
                hint: "the aws CLI does: aws ec2 run-instances, stop-instances, import-key-pair and so on"
            )
        }
        return EC2Operations(ec2, self, forget: forget)
    }

    /// Looks for credentials, if that has not been done yet.
    ///
    /// - Throws: what there is to say about them, with the hint that a request's failure would not have.
    package func signIn() throws { _ = try keeper.credentials() }

    /// The credentials in force, with their end and where they come from.
    ///
    /// - Throws: as ``signIn()``.
    package func credentials() throws -> ExpiringCredentials { try keeper.current() }

    /// An operation of EC2; nil is for the codes that are no failure to the caller.
    ///
    /// - Throws: `credentialsUnavailable`, `requestRefused`, `controlPlaneUnreachable`.
    func ask<Request: EC2.Request, Answer: Decodable>(
        _ request: Request,
        as type: Answer.Type,
        absentCodes: Set<String> = []
    ) throws -> Answer? {
        try signIn()
        do throws(ServiceFailure) {
            return try ec2.call(Request.operation, request, as: type)
        } catch .refused(let code, _, _) where absentCodes.contains(code) {
            return nil
        } catch {
            throw settings.error(error, doing: "ec2:\(Request.operation)")
        }
    }

    /// Goes through the pages of a list of EC2's.
    ///
    /// - Parameters:
    ///   - request: with the page's size and, from the second on, its token.
    ///   - take: takes a page's records; it says what goes on from there, and whether that is wanted.
    /// - Throws: as ``ask(_:as:absentCodes:)``, and `controlPlaneUnreachable` for a list that does not end.
    func readPages<Request: EC2.Request, Answer: Decodable>(
        of size: PageSize,
        _ request: (_ size: Int, _ token: String?) -> Request,
        as type: Answer.Type,
        take: (Answer) -> Page
    ) throws {
        try signIn()
        do throws(ServiceFailure) {
            try RemoteService.readPages(Request.operation, of: size, take: take) {
                (size, token, timeout) throws(ServiceFailure) in
                try ec2.call(Request.operation, request(size, token), as: type, timeout: timeout)
            }
        } catch {
            throw settings.error(error, doing: "ec2:\(Request.operation)")
        }
    }

    /// The same for a list of Systems Manager's.
    ///
    /// - Throws: `ServiceFailure`.
    func readPages<Request: ServiceRequest>(
        of size: PageSize,
        _ request: (_ size: Int, _ token: String?) -> Request,
        take: (Request.Response) -> Page
    ) throws(ServiceFailure) {
        try RemoteService.readPages(Request.operation, of: size, take: take) {
            (size, token, timeout) throws(ServiceFailure) in
            try sessions.call(request(size, token), timeout: timeout)
        }
    }

    /// How many records are asked for at once: as many as the service gives, and at least so many.
    struct PageSize {
        let most: Int
        let least: Int
    }

    /// What is known of a page once its records were taken.
    struct Page {
        /// ``RecordList/byteCount`` of its records.
        let byteCount: Int
        let next: String?
        /// Whether another page is wanted, if there is one.
        let goesOn: Bool
    }

    private static func readPages<Answer>(
        _ operation: String,
        of size: PageSize,
        take: (Answer) -> Page,
        ask: (_ size: Int, _ token: String?, _ timeout: Int) throws(ServiceFailure) -> Answer
    ) throws(ServiceFailure) {
        var paging = Paging(operation)
        var count = size.most
        while true {
            let answer: Answer
            do throws(ServiceFailure) {
                answer = try ask(count, paging.token, paging.timeLeft())
            } catch .unreachable(.tooLong) where count > size.least {
                // Some of its records are far too long. Fewer at a time, the others are seen all the same.
                count = max(size.least, count / 8)
                continue
            }
            let page = take(answer)
            guard try paging.turn(to: page.next, keeping: page.byteCount), page.goesOn else { return }
        }
    }
}
