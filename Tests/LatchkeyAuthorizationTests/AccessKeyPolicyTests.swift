// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import Testing

@testable import LatchkeyAuthorization

/// What access keys and registrations allow by themselves.
struct AccessKeyPolicyTests {
    private static let ann = Principal.user(name: "ann", accessKeyID: "AKIA1", isAdmin: false)
    private static let admin = Principal.user(name: "eve", accessKeyID: "AKIA2", isAdmin: true)
    private static let agent = Principal.instance("i-0123456789abcdef0")
    private static let annsSession = Resource.session(
        "ann-1",
        owner: "arn:aws:iam::000000000000:user/ann",
        target: "i-0123456789abcdef0"
    )
    private static let bobsSession = Resource.session(
        "bob-1",
        owner: "arn:aws:iam::000000000000:user/bob",
        target: "mi-0123456789abcdef1"
    )

    private func decision(_ principal: Principal, _ action: Action, _ resources: Resource...) -> Decision {
        AccessKeyPolicy().decision(on: AuthorizationRequest(principal, action, resources))
    }

    @Test func `a user may do everything but use another user's session`() {
        #expect(decision(Self.ann, "ec2:TerminateInstances", .instance("i-1"), .keyPair("web")) == .allow)
        #expect(decision(Self.ann, "ssm:ResumeSession", Self.annsSession) == .allow)
        for action: Action in ["ssm:ResumeSession", "ssm:TerminateSession", "ssmmessages:OpenDataChannel"] {
            guard case .deny(let resource, let reason) = decision(Self.ann, action, Self.annsSession, Self.bobsSession)
            else {
                Issue.record("\(action) is allowed")
                continue
            }
            #expect(resource == Self.bobsSession)
            #expect(reason.contains("admin"))
        }
    }

    @Test func `a user whose name another user's begins with is that other user nowhere`() {
        let an = Principal.user(name: "an", accessKeyID: "AKIA3", isAdmin: false)
        #expect(decision(an, "ssm:ResumeSession", Self.annsSession) != .allow)
    }

    @Test func `an admin may use every session`() {
        #expect(decision(Self.admin, "ssm:TerminateSession", Self.annsSession, Self.bobsSession) == .allow)
    }

    @Test func `an agent acts for its own instance only`() {
        let own = Resource.instance("i-0123456789abcdef0")
        #expect(decision(Self.agent, "ssmmessages:OpenControlChannel", own) == .allow)
        #expect(decision(Self.agent, "ssmmessages:OpenDataChannel", Self.annsSession) == .allow)
        #expect(decision(Self.agent, "ssm:GetDocument", .document("AWS-RunShellScript")) == .allow)
        for other in [Resource.instance("i-0123456789abcdef1"), Self.bobsSession, .keyPair("web")] {
            #expect(decision(Self.agent, "ssm:UpdateInstanceInformation", own, other) != .allow, "\(other)")
        }
    }

    @Test func `a user is shown what is the user's, and an admin everything`() {
        func scope(_ principal: Principal) -> ListScope {
            AccessKeyPolicy().scope(of: AuthorizationRequest(principal, "ssm:DescribeSessions", []))
        }
        #expect(scope(Self.ann) == .ownedBy("arn:aws:iam::000000000000:user/ann"))
        #expect(scope(Self.admin) == .all)
    }

    @Test func `an operation is for some kinds of principals, whatever the policy says`() {
        let authorizer = Authorizer(AccessKeyPolicy())
        func refusal(_ principal: Principal, _ kinds: Set<Principal.Kind>) -> String? {
            do throws(AuthorizationFailure) {
                try authorizer.checkKind(of: principal, "ssm:StartSession", kinds)
                return nil
            } catch {
                return error.reason
            }
        }
        let registered = Principal.registeredKey(instanceID: "mi-0123456789abcdef1")
        #expect(refusal(Self.ann, [.user]) == nil)
        #expect(refusal(Self.agent, [.user]) == "an agent may not do this")
        #expect(refusal(registered, [.user, .instance, .anonymous]) == "a registered key may ask for credentials only")
        #expect(refusal(Self.agent, [.registeredKey]) == "it is asked for with the registered key")
        #expect(refusal(Self.admin, [.instance]) == "only an agent may do this")
        #expect(refusal(.anonymous, [.user]) == "the request is not signed")
        #expect(refusal(.anonymous, [.anonymous]) == nil)
    }

    @Test func `a denial says who, what, on what and why`() {
        do throws(AuthorizationFailure) {
            try Authorizer(AccessKeyPolicy()).authorize(Self.ann, "ssm:ResumeSession", [Self.bobsSession])
            Issue.record("it is allowed")
        } catch {
            #expect(
                error.message(region: "local")
                    == "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: ssm:ResumeSession on "
                    + "resource: arn:aws:ssm:local:000000000000:session/bob-1: it is another user's session, which an "
                    + "admin's access key opens"
            )
        }
    }
}
