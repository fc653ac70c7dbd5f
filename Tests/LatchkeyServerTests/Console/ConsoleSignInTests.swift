// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Who is let in to the console, and who is not, against a real latchkeyd with TLS.
struct ConsoleSignInTests {
    private static let prelude = "from console import *\n"

    private func with(_ body: (Scratch, TestRelay) throws -> Void) throws {
        try Scratch.with { scratch in try TestRelay.with(scratch) { relay in try body(scratch, relay) } }
    }

    @Test func `a signature gets a cookie that no script and no other site has, and that stands for the key`() throws {
        try with { _, relay in
            try relay.python(
                Self.prelude + """
                    answer = sign_in()
                    assert answer.status == 200, answer.content
                    from email.utils import parsedate_to_datetime
                    import datetime
                    told = parsedate_to_datetime(answer.getheader('Date'))
                    assert abs((datetime.datetime.now(datetime.timezone.utc) - told).total_seconds()) < 60, told
                    words = [word.strip() for word in answer.getheader('Set-Cookie').split(';')]
                    assert words[0].startswith('__Host-latchkey-' + str(address.port) + '='), words
                    assert set(words[1:]) == {'Path=/', 'HttpOnly', 'SameSite=Strict', 'Secure'}, words
                    jar = cookie(answer)
                    assert jar.split('=')[1] not in answer.content.decode()
                    # One of another name, which another site of this host could have planted, counts for nothing.
                    both = 'latchkey-' + str(address.port) + '=' + 'x' * 43 + '; __Host-latchkey=' + 'x' * 43 + '; ' + jar
                    assert page('Latchkey.DescribeConsoleSessions', both).status == 200
                    assert page('Latchkey.DescribeConsoleSessions', 'latchkey-' + jar.split('-', 3)[-1]).status == 400
                    shown = json.loads(page('Latchkey.DescribeConsoleSessions', jar).content)['Sessions']
                    assert [session['IsCurrent'] for session in shown] == [True], shown
                    assert shown[0]['AccessKeyId'] == SERVER['accessKeyID']
                    form = 'Action=DescribeInstances&Version=2016-11-15'
                    kind = {'Content-Type': 'application/x-www-form-urlencoded'}
                    own = {'Cookie': jar, 'Origin': ORIGIN, 'X-Latchkey-Console': 'page', **kind}
                    assert send('POST', '/', form, own).status == 200
                    assert send('POST', '/', form, {**own, 'Origin': 'https://evil.example'}).status == 403
                    assert sign_in(secret='wrong').status == 400
                    assert sign_in(secret='wrong').getheader('Set-Cookie') is None
                    assert fault(operation('Latchkey.CreateConsoleSession')) == 'MissingAuthenticationTokenException'
                    """
            )
        }
    }

    @Test func `another site's page has no use for the cookie`() throws {
        try with { _, relay in
            try relay.python(
                Self.prelude + """
                    jar = cookie(sign_in())
                    target = 'AmazonSSM.DescribeSessions'
                    content = {'State': 'Active'}
                    assert page(target, jar, content).status == 200
                    for wrong in [
                        {'Origin': 'https://evil.example'},
                        {'Origin': 'null'},
                        {'Origin': ORIGIN + '.evil.example'},
                        {'Origin': ORIGIN.replace('https:', 'http:')},
                    ]:
                        answer = page(target, jar, content, **wrong)
                        assert (answer.status, fault(answer)) == (403, 'AccessDeniedException'), (wrong, answer.content)
                    # What a form of another page can send has neither header.
                    assert operation(target, content, Cookie=jar).status == 403
                    assert operation(target, content, Cookie=jar, Origin=ORIGIN).status == 403
                    assert operation(target, content, Cookie=jar, X_Latchkey_Console='user').status == 403
                    """
            )
        }
    }

    @Test func `a WebSocket is opened for this server's own page only, also with a signature`() throws {
        try with { _, relay in
            try relay.python(
                Self.prelude + """
                    jar = cookie(sign_in())
                    path = '/v1/data-channel/ann-0123456789abcdef0'
                    assert upgrade(path, Cookie=jar, Origin=ORIGIN) == 101
                    assert upgrade(path, Cookie=jar, Origin='https://evil.example') == 403
                    assert upgrade(path, Cookie=jar) == 403
                    assert upgrade(path) == 101, 'clients that are no browser show their token only'
                    assert upgrade(path, Origin='https://evil.example') == 403
                    request = AWSRequest('GET', SERVER['endpoint'] + path, headers={'Host': address.netloc})
                    SigV4Auth(Credentials(SERVER['accessKeyID'], SERVER['secretAccessKey']), 'ssmmessages', 'local').add_auth(request)
                    signed = {name.replace('-', '_'): value for name, value in dict(request.headers).items()}
                    assert upgrade(path, **signed) == 101
                    assert upgrade(path, **signed, Origin='https://evil.example') == 403
                    """
            )
        }
    }

    @Test func `who signs out is out, with a cookie that was stolen, too`() throws {
        try with { _, relay in
            try relay.python(
                Self.prelude + """
                    jar, other = cookie(sign_in()), cookie(sign_in())
                    answer = page('Latchkey.DeleteConsoleSession', jar)
                    assert answer.status == 200
                    assert answer.getheader('Set-Cookie').startswith('__Host-latchkey-' + str(address.port) + '=;')
                    assert 'Max-Age=0' in answer.getheader('Set-Cookie')
                    refused = page('Latchkey.DescribeConsoleSessions', jar)
                    assert (refused.status, fault(refused)) == (403, 'ExpiredTokenException')
                    assert upgrade('/v1/data-channel/x', Cookie=jar, Origin=ORIGIN) == 403
                    shown = json.loads(page('Latchkey.DescribeConsoleSessions', other).content)['Sessions']
                    assert len(shown) == 1, shown
                    # From one browser, another one is signed out.
                    third = cookie(sign_in())
                    assert page('Latchkey.DeleteConsoleSession', third, {'SessionId': shown[0]['SessionId']}).status == 200
                    assert page('Latchkey.DescribeConsoleSessions', other).status == 403
                    assert page('Latchkey.DescribeConsoleSessions', third).status == 200
                    assert fault(page('Latchkey.DescribeConsoleSessions', '__Host-latchkey-' + str(address.port) + '=')) == 'MissingAuthenticationTokenException'
                    for wrong in ['__Host-latchkey-' + str(address.port) + '=' + 'x' * 43, '__Host-latchkey-' + str(address.port) + '=' + 'x' * 3000]:
                        assert page('Latchkey.DescribeConsoleSessions', wrong).status == 403
                    """
            )
        }
    }

    @Test func `a cookie lives through a restart, makes no other, and ends with its access key`() throws {
        try with { scratch, relay in
            let made = try relay.latchkeyd("access-key", "create", "ann").text
            let words = made.split(whereSeparator: \.isWhitespace).map(String.init)
            let (key, secret) = (words[2], words[5])
            let jar = try relay.python(Self.prelude + "print(cookie(sign_in(sys.argv[2], sys.argv[3])))", key, secret)
            try relay.end(by: SIGKILL)
            try relay.start()
            try relay.python(
                Self.prelude + """
                    jar = sys.argv[2]
                    assert page('Latchkey.DescribeConsoleSessions', jar).status == 200
                    for target in ['Latchkey.CreateConsoleSession', 'Latchkey.CreateConsoleLink']:
                        assert fault(page(target, jar)) == 'AccessDeniedException'
                    # One who is no admin neither sees nor ends what others have.
                    admin = cookie(sign_in())
                    mine = json.loads(page('Latchkey.DescribeConsoleSessions', jar).content)['Sessions']
                    assert [session['IsCurrent'] for session in mine] == [True], mine
                    everybody = json.loads(page('Latchkey.DescribeConsoleSessions', admin).content)['Sessions']
                    assert len(everybody) == 2, everybody
                    theirs = [session['SessionId'] for session in everybody if session['IsCurrent']][0]
                    assert fault(page('Latchkey.DeleteConsoleSession', jar, {'SessionId': theirs})) == 'AccessDeniedException'
                    assert page('Latchkey.DescribeConsoleSessions', admin).status == 200
                    """,
                jar
            )
            try relay.latchkeyd("access-key", "delete", key)
            try relay.python(
                Self.prelude
                    + "assert page('AmazonSSM.DescribeSessions', sys.argv[2], {'State': 'Active'}).status == 403",
                jar
            )
            let log = try relay.log()
            for secret in [jar.split(separator: "=").last.map(String.init) ?? "", secret] {
                #expect(!secret.isEmpty && !log.contains(secret))
            }
        }
    }

    @Test func `a link signs in once`() throws {
        try with { _, relay in
            let link = try relay.latchkeyd("console", "open").text.trimmingCharacters(in: .whitespacesAndNewlines)
            let parts = link.components(separatedBy: "/console/#code=")
            #expect(parts.count == 2 && parts.first == relay.endpoint)
            let code = try #require(parts.last)
            try relay.python(
                Self.prelude + """
                    code = sys.argv[2]
                    assert fault(operation('Latchkey.RedeemConsoleLink', {'Code': 'x' * 43})) == 'AccessDeniedException'
                    answer = operation('Latchkey.RedeemConsoleLink', {'Code': code})
                    assert answer.status == 200, answer.content
                    assert page('Latchkey.DescribeConsoleSessions', cookie(answer)).status == 200
                    again = operation('Latchkey.RedeemConsoleLink', {'Code': code})
                    assert fault(again) == 'AccessDeniedException'
                    assert again.getheader('Set-Cookie') is None
                    """,
                code
            )
            #expect(!(try relay.log()).contains(code))
        }
    }

    @Test func `who tries too often waits, with a word on how long`() throws {
        try with { _, relay in
            try relay.python(
                Self.prelude + """
                    for _ in range(10):
                        assert sign_in(secret='wrong').status == 400
                    answer = sign_in(secret='wrong')
                    assert (answer.status, fault(answer)) == (429, 'TooManyRequestsException'), answer.content
                    assert 1 <= int(answer.getheader('Retry-After')) <= 60
                    assert operation('Latchkey.RedeemConsoleLink', {'Code': 'x' * 43}).status == 429
                    assert operation('.Latchkey.RedeemConsoleLink', {'Code': 'x' * 43}).status == 400, 'no such target'
                    # Only signing in waits.
                    assert client().describe_sessions(State='Active')['Sessions'] == []
                    """
            )
        }
    }
}
