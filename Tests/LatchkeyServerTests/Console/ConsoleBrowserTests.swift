// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// The browser that the console is tested in.
private enum Chromium {
    static let isThere: Bool = {
        let probe = "import playwright, axe_core_python, shutil, sys; sys.exit(not shutil.which('chromium'))"
        let isThere = (try? Execution.run(["python3", "-c", probe]).status) == 0
        print(
            "latchkey: Chromium with playwright and axe is \(isThere ? "there" : "NOT THERE, THE CONSOLE IS NOT TESTED")"
        )
        return isThere
    }()
}

/// The console in a real browser, against a real latchkeyd and agent.
@Suite(.serialized, .enabled(if: Chromium.isThere)) struct ConsoleBrowserTests {
    /// Seconds: a browser on a busy machine takes its time.
    private static let timeout = 300

    private func with(_ options: String..., body: (Scratch, TestRelay) throws -> Void) throws {
        try Scratch.with { scratch in
            try TestRelay.with(scratch, options: options) { relay in
                try TestAgent.with(relay, "web-1") { _ in try body(scratch, relay) }
            }
        }
    }

    private func browse(_ scratch: Scratch, _ relay: TestRelay, _ script: String, _ arguments: String...) throws {
        let prelude = "import os, subprocess\nos.environ['WORK'] = sys.argv[2]\nfrom browser import *\n"
        try relay.python(prelude + script, [scratch.path] + arguments, timeout: Self.timeout)
    }

    @Test func `one signs in, finds an instance and is on it by a click`() throws {
        try with { scratch, relay in
            try browse(
                scratch,
                relay,
                """
                with visit() as at:
                    at.open()
                    at.sign_in(secret='wrong')
                    expect(at.page.get_by_role('alert')).to_contain_text('do not belong together')
                    at.sign_in()
                    search = at.page.get_by_label('Search instances')
                    search.fill('nothing-like-it')
                    expect(at.page.get_by_text('No instance fits the search.')).to_be_visible()
                    search.fill('WEB')
                    at.connect('web-1')
                    assert at.run('echo $((40 + 2))').count('42') == 1
                    before = at.run('stty size').split('done-2-')[0].splitlines()[-1]
                    rows, columns = at.page.evaluate('[latchkeyConsole.terminals.current.terminal.rows, latchkeyConsole.terminals.current.terminal.cols]')
                    assert before == f'{rows} {columns}', (before, rows, columns)
                    at.page.set_viewport_size({'width': 900, 'height': 600})
                    at.page.wait_for_function('latchkeyConsole.terminals.current.terminal.cols < ' + str(columns))
                    at.page.wait_for_timeout(300)
                    after = at.run('stty size').split('done-3-')[0].splitlines()[-1]
                    assert after != before and after == at.page.evaluate('latchkeyConsole.terminals.current.terminal.rows + " " + latchkeyConsole.terminals.current.terminal.cols')
                    assert 'w漢字🚀e\\u0301' in at.run("printf 'w\\\\xe6\\\\xbc\\\\xa2\\\\xe5\\\\xad\\\\x97\\\\xf0\\\\x9f\\\\x9a\\\\x80e\\\\xcc\\\\x81\\\\n'")
                    at.picture('terminal')
                    at.type('exit 7\\n')
                    expect(at.page.locator('.terminal-state')).to_contain_text('ended with status 7')
                """
            )
        }
    }

    @Test func `what a flood leaves waiting is bounded, and Ctrl-C ends it`() throws {
        try with { scratch, relay in
            try browse(
                scratch,
                relay,
                """
                with visit() as at:
                    at.enter()
                    at.connect('web-1')
                    at.run('true')
                    at.page.evaluate('''() => {
                        globalThis.most = 0;
                        globalThis.watch = setInterval(() => {
                            globalThis.most = Math.max(globalThis.most, latchkeyConsole.terminals.current.channel.bytesWaiting);
                        }, 5);
                    }''')
                    at.type('yes flood\\n')
                    at.shown('flood\\nflood')
                    at.page.wait_for_timeout(8000)
                    assert at.page.evaluate('latchkeyConsole.terminals.current.channel.receiver.expected') > 100
                    at.page.keyboard.press('Control+c')
                    at.shown('^C')
                    at.run('true')
                    most = at.page.evaluate('globalThis.most')
                    assert 0 < most <= 500_000, most
                """
            )
        }
    }

    @Test func `a cut, a reload and a relay that is killed lose nothing and double nothing`() throws {
        try with { scratch, relay in
            try browse(
                scratch,
                relay,
                """
                import re

                def count(at, mark, last):
                    # What is typed meanwhile may stand before one.
                    found = re.findall(mark + r'\\d+-', at.shown(f'{mark}{last}-\\n'))
                    wanted = [f'{mark}{number}-' for number in range(1, last + 1)]
                    assert found == wanted, [line for line in wanted if found.count(line) != 1][:20]

                def loop(at, mark, last):
                    at.type(f"for i in $(seq 1 {last}); do echo {mark}$i-; sleep 0.02; done\\n")
                    at.shown(f'{mark}20-')

                way = Cutter()
                with visit(way) as at:
                    at.enter()
                    at.connect('web-1')
                    at.run('MARK=the-same-shell')
                    session = at.session()

                    loop(at, 'cut', 300)
                    way.cut()
                    at.page.locator('.terminal[data-state=waiting]').wait_for()
                    at.type('typed-while-away')
                    at.page.wait_for_timeout(2000)
                    way.mend()
                    at.connected()
                    count(at, 'cut', 300)
                    assert at.shown('typed-while-away').count('typed-while-away') >= 1
                    at.page.keyboard.press('Control+u')

                    loop(at, 'reload', 300)
                    at.page.reload()
                    at.connected()
                    count(at, 'reload', 300)

                    loop(at, 'kill', 300)
                    server = int(open(os.environ['LATCHKEY_HOME'] + '/latchkeyd.lock').read().split()[1].rstrip(','))
                    os.kill(server, 9)
                    at.page.locator('.terminal[data-state=waiting]').wait_for()
                    log = open(sys.argv[2] + '/again.log', 'w')
                    again = subprocess.Popen([os.environ['DAEMON'], 'run', '--listen', f'127.0.0.1:{sys.argv[1]}'], stderr=log, stdout=log)
                    try:
                        at.connected()
                        count(at, 'kill', 300)
                        assert 'the-same-shell' in at.run('echo $MARK')
                        assert at.session() == session
                        at.page.get_by_role('navigation').get_by_role('link', name='Instances').click()
                        at.page.get_by_role('heading', name='Instances').wait_for()
                    finally:
                        again.terminate()
                        again.wait()
                """
            )
        }
    }

    @Test func `a session is attached to elsewhere, and taken back`() throws {
        try with { scratch, relay in
            try browse(
                scratch,
                relay,
                """
                import pty
                with visit() as at:
                    at.enter()
                    at.connect('web-1')
                    at.run('MARK=the-same-shell')
                    session = at.session()
                    child, terminal = pty.fork()
                    if child == 0:
                        os.execv(os.environ['PROGRAM'], ['latchkey', 'session', 'attach', session])
                    expect(at.page.locator('.terminal-state')).to_contain_text('another client has taken the session over')
                    os.write(terminal, b'echo "[$MARK]"\\n')
                    seen = b''
                    while b'[the-same-shell]' not in seen:
                        seen += os.read(terminal, 4096)
                    at.page.get_by_role('button', name='Take it back').click()
                    at.connected()
                    assert '<the-same-shell>' in at.run('echo "<$MARK>"')
                    os.close(terminal)
                    os.waitpid(child, 0)
                    # From the list of sessions, in another tab of the browser.
                    other = Visit(at.context, at.origin)
                    other.open('/console/sessions')
                    other.page.get_by_role('button', name='Attach to the session on web-1').click()
                    other.connected()
                    assert '{the-same-shell}' in other.run('echo "{$MARK}"')
                    expect(at.page.locator('.terminal-state')).to_contain_text('another client has taken the session over')
                    other.check()
                """
            )
        }
    }

    @Test func `a browser tab that is closed ends its shell, if that was chosen`() throws {
        try with { scratch, relay in
            try browse(
                scratch,
                relay,
                """
                from home import client
                sessions = lambda: client().describe_sessions(State='Active')['Sessions']
                with visit() as at:
                    at.enter()
                    at.connect('web-1')
                    at.run('true')
                    other = Visit(at.context, at.origin)
                    other.open()
                    other.page.get_by_text('web-1').wait_for()
                    at.page.reload()
                    at.connected()
                    at.page.wait_for_timeout(25_000)
                    assert len(sessions()) == 1, 'a reload ends nothing'
                    other.page.evaluate("localStorage.setItem('latchkey-console', JSON.stringify({ onClose: 'end' }))")
                    at.page.close()
                    end = time.monotonic() + 60
                    while sessions() and time.monotonic() < end:
                        other.page.wait_for_timeout(500)
                    assert sessions() == []
                    other.check()
                """
            )
        }
    }

    @Test func `what is copied is what was shown, and several lines are pasted after a question`() throws {
        try with { scratch, relay in
            try browse(
                scratch,
                relay,
                """
                with visit() as at:
                    at.enter()
                    at.connect('web-1')
                    at.run('echo copy-me')
                    at.page.keyboard.press('Control+Shift+f')
                    at.page.get_by_label('Find in the terminal').fill('copy-me')
                    at.page.keyboard.press('Escape')
                    at.page.keyboard.press('Control+Shift+c')
                    at.page.wait_for_function("navigator.clipboard.readText().then((text) => text === 'copy-me')")
                    paste = lambda text: at.page.evaluate('''(text) => {
                        const data = new DataTransfer();
                        data.setData('text/plain', text);
                        const target = document.querySelector('.terminal:not([hidden]) textarea');
                        target.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
                    }''', text)
                    paste('echo one-line')
                    at.shown('echo one-line')
                    at.page.keyboard.press('Control+u')
                    paste('echo first\\necho second\\n')
                    dialog = at.page.get_by_role('dialog')
                    expect(dialog).to_contain_text('Paste 2 lines?')
                    dialog.get_by_role('button', name='Cancel').click()
                    expect(dialog).to_have_count(0)
                    assert 'first' not in at.run('true')
                    paste('cat >/dev/null; echo first\\x1b[201~\\necho second')
                    dialog.get_by_role('button', name='Paste', exact=True).click()
                    at.shown('echo second')
                    assert '\\nfirst' not in at.screen(), 'a paste that ends itself was run'
                    at.page.keyboard.press('Control+c')
                """
            )
        }
    }

    @Test func `signing out asks, ends the shells that it opened, and leaves nothing that opens the console`() throws {
        try with { scratch, relay in
            try browse(
                scratch,
                relay,
                """
                from home import client
                with visit() as at:
                    at.enter()
                    at.connect('web-1')
                    at.run('true')
                    jar = at.context.cookies()
                    at.place('Account')
                    at.page.get_by_role('button', name='Sign out', exact=True).click()
                    dialog = at.page.get_by_role('dialog')
                    expect(dialog).to_contain_text('web-1')
                    dialog.get_by_role('button', name='Cancel').click()
                    at.place('Terminals')
                    at.run('true')
                    at.place('Account')
                    at.page.get_by_role('button', name='Sign out', exact=True).click()
                    dialog.get_by_role('button', name='Sign out').click()
                    at.page.get_by_label('Access key id').wait_for()
                    assert client().describe_sessions(State='Active')['Sessions'] == []
                    assert at.context.cookies() == []
                    at.context.add_cookies(jar)
                    at.open('/console/instances')
                    at.page.get_by_label('Access key id').wait_for()
                """
            )
        }
    }

    @Test func `every page fits and passes axe, in light and dark, wide and narrow, with hostile names`() throws {
        try with { scratch, relay in
            try scratch.latchkey(
                "instance",
                "add",
                "old-1",
                "--address",
                "10.9.8.7",
                "--user",
                "admin",
                "--tag",
                "note=<img src=x onerror=alert(1)>"
            )
            try scratch.latchkey("key", "create", "k1")
            try browse(
                scratch,
                relay,
                """
                from home import client
                ec2 = client(service='ec2')
                old = ec2.describe_instances()['Reservations'][0]['Instances'][0]['InstanceId']
                ec2.create_tags(Resources=[old], Tags=[{'Key': 'turn', 'Value': 'a\\u202eb'}])
                source = axe()
                for scheme in ['light', 'dark']:
                    for width, height in [(1440, 900), (390, 844), (360, 740)]:
                        with visit(color_scheme=scheme) as at:
                            at.page.set_viewport_size({'width': width, 'height': height})

                            def look(name):
                                at.page.wait_for_timeout(400)
                                if width != 360:
                                    at.picture(f'{name}-{width}-{scheme}')
                                over = at.page.evaluate('document.documentElement.scrollWidth - innerWidth')
                                assert over <= 0, (name, width, over)
                                at.page.evaluate(source)
                                broken = at.page.evaluate('axe.run()')['violations']
                                told = [(one['id'], [node['html'][:200] for node in one['nodes']]) for one in broken]
                                assert not told, (name, width, scheme, told)

                            at.open()
                            at.page.get_by_label('Access key id').wait_for()
                            look('sign-in')
                            at.sign_in()
                            at.page.get_by_text('old-1').wait_for()
                            assert '<img src=x onerror=alert(1)>' in at.page.inner_text('main')
                            assert 'a\\\\u{202E}b' in at.page.inner_text('main')
                            look('instances')
                            for place in ['Sessions', 'Key pairs', 'Activations', 'Account']:
                                at.place(place)
                                at.page.wait_for_timeout(300)
                                look(place.lower().replace(' ', '-'))
                            at.place('Key pairs')
                            at.page.get_by_role('button', name='Import').click()
                            look('import')
                            at.page.keyboard.press('Escape')
                            at.place('Instances')
                            at.page.get_by_role('link', name='web-1', exact=True).click()
                            at.page.get_by_role('heading', name='web-1').wait_for()
                            at.page.get_by_text('opens a shell without a key').wait_for()
                            look('instance')
                            at.page.get_by_role('button', name='Connect', exact=True).click()
                            at.connected()
                            at.type("PS1='web-1:~$ '; clear\\n")
                            at.run('uname -sm; ls --color=always /usr')
                            at.type('clear; uname -sm; ls --color=always /usr\\n')
                            at.page.wait_for_timeout(500)
                            look('terminal')
                            at.page.get_by_role('button', name='Close the terminal on web-1').click()
                            look('close')
                            at.page.get_by_role('dialog').get_by_role('button', name='Close').click()
                            at.page.get_by_text('No terminal is open').wait_for()
                            look('no-terminal')
                """
            )
        }
    }

    @Test func `everything can be done by keyboard alone`() throws {
        try with { scratch, relay in
            try browse(
                scratch,
                relay,
                """
                with visit() as at:
                    keyboard = at.page.keyboard

                    def focused():
                        return at.page.evaluate('''() => {
                            const here = document.activeElement;
                            return here.getAttribute('aria-label') || here.labels?.[0]?.textContent || here.textContent.trim();
                        }''')

                    def tab_to(name, key='Tab'):
                        for _ in range(60):
                            if focused() == name:
                                return
                            keyboard.press(key)
                        raise AssertionError(f'{name} is not reached by {key}; focus is on {focused()}')

                    at.open()
                    at.page.get_by_label('Access key id').wait_for()
                    tab_to('Access key id')
                    keyboard.type(SERVER['accessKeyID'])
                    tab_to('Secret access key')
                    keyboard.type(SERVER['secretAccessKey'])
                    keyboard.press('Enter')
                    at.page.get_by_text('web-1').wait_for()
                    tab_to('Search instances')
                    keyboard.type('web')
                    tab_to('Connect to web-1')
                    keyboard.press('Enter')
                    at.connected()
                    assert 'by-keyboard' in at.run('echo by-keyboard')
                    # Tab and Escape are the terminal's; F6 is not.
                    keyboard.press('Tab')
                    keyboard.press('Escape')
                    assert focused() == 'Terminal input'
                    keyboard.press('F6')
                    assert focused().startswith('web-1'), focused()
                    expect(at.page.get_by_role('status').filter(has_text='F6 leads back')).to_be_visible()
                    keyboard.press('F6')
                    assert focused() == 'Terminal input'
                    keyboard.press('F6')
                    tab_to('Close the terminal on web-1')
                    keyboard.press('Enter')
                    expect(at.page.get_by_role('dialog')).to_be_visible()
                    keyboard.press('Escape')
                    keyboard.press('F6')
                    tab_to('Sessions', 'Shift+Tab')
                    keyboard.press('Enter')
                    at.page.get_by_role('heading', name='Sessions').wait_for()
                    tab_to('End the session on web-1')
                    keyboard.press('Enter')
                    tab_to('End it')
                    keyboard.press('Enter')
                    expect(at.page.get_by_text('No session runs.')).to_be_visible()
                    tab_to('Account', 'Shift+Tab')
                    keyboard.press('Enter')
                    tab_to('Sign out')
                    keyboard.press('Enter')
                    at.page.get_by_label('Access key id').wait_for()
                """
            )
        }
    }

    @Test func `what a browser lacks, or has wrong, is said`() throws {
        try with { scratch, relay in
            try browse(
                scratch,
                relay,
                """
                with visit(java_script_enabled=False) as at:
                    at.open()
                    at.picture('no-script')
                    text = at.page.locator('noscript').inner_text()
                    assert 'needs JavaScript' in text and 'latchkey connect NAME' in text, text
                with visit() as at:
                    at.page.clock.set_fixed_time(time.time() + 690)
                    at.open()
                    at.sign_in()
                    expect(at.page.get_by_role('alert')).to_contain_text("This machine's clock is 11 min ahead of the server's")
                with visit(options=['--disable-3d-apis']) as at:
                    at.enter()
                    at.connect('web-1')
                    assert 'without-webgl' in at.run('echo without-webgl')
                with visit() as at:
                    # As a browser that is told to keep no cookies.
                    def drop(route):
                        answer = route.fetch()
                        headers = {name: value for name, value in answer.headers.items() if name != 'set-cookie'}
                        at.context.clear_cookies()
                        route.fulfill(response=answer, headers=headers)
                    at.page.route(at.origin + '/', lambda route: drop(route) if route.request.method == 'POST' else route.continue_())
                    at.open()
                    at.sign_in()
                    expect(at.page.get_by_role('alert')).to_contain_text('cookie')
                with visit() as at:
                    at.page.set_content(f'<iframe src="{at.origin}/console/"></iframe>')
                    at.page.wait_for_timeout(1000)
                    inner = at.page.frames[1]
                    assert 'Latchkey' not in inner.content()
                    at.faults.clear()
                """
            )
        }
    }

    @Test func `a link of the command line signs in, once, and leaves no trace in the address`() throws {
        try with { scratch, relay in
            let link = try relay.latchkeyd("console", "open").text.trimmingCharacters(in: .whitespacesAndNewlines)
            try browse(
                scratch,
                relay,
                """
                link = sys.argv[3]
                with visit() as at:
                    at.page.goto(at.origin + link[link.index('/console/'):])
                    expect(at.page.get_by_text('Go on only if that was you.')).to_be_visible()
                    assert at.context.cookies() == [], 'nothing is done before it is wanted'
                    at.page.get_by_role('button', name='Sign in').click()
                    at.page.get_by_text('web-1').wait_for()
                    assert 'code' not in at.page.url
                with visit() as at:
                    at.page.goto(at.origin + link[link.index('/console/'):])
                    at.page.get_by_role('button', name='Sign in').click()
                    expect(at.page.get_by_role('status')).to_contain_text('has been used')
                """,
                link
            )
        }
    }

    @Test func `links that a program shows are opened after a question, and a program cannot write the clipboard`()
        throws
    {
        try with { scratch, relay in
            try browse(
                scratch,
                relay,
                """
                with visit() as at:
                    at.enter()
                    at.connect('web-1')
                    at.page.evaluate("navigator.clipboard.writeText('mine')")
                    at.run("printf '\\\\e]52;c;ZXZpbA==\\\\a\\\\e]0;a<b>\\\\xe2\\\\x80\\\\xaec\\\\a\\\\e]8;;javascript:alert(1)\\\\e\\\\\\\\click\\\\e]8;;\\\\e\\\\\\\\ see https://example.com/path.\\n'")
                    assert at.page.evaluate('navigator.clipboard.readText()') == 'mine'
                    opened = at.page.evaluate('''async () => {
                        globalThis.opened = [];
                        globalThis.open = (address) => globalThis.opened.push(address);
                        const { openAddress, addressesIn } = await import('/console/terminal/links.js');
                        await openAddress('javascript:alert(1)');
                        globalThis.waiting = openAddress(addressesIn('see https://example.com/path.')[0].text);
                        return globalThis.opened;
                    }''')
                    assert opened == []
                    dialog = at.page.get_by_role('dialog')
                    expect(dialog).to_contain_text('example.com')
                    dialog.get_by_role('button', name='Open').click()
                    at.page.wait_for_function("globalThis.opened[0] === 'https://example.com/path'")
                """
            )
        }
    }

    @Test func `what changes elsewhere is seen, and what goes away is said`() throws {
        try with { scratch, relay in
            try browse(
                scratch,
                relay,
                """
                def latchkey(*words):
                    subprocess.run([os.environ['PROGRAM'], *words], check=True, capture_output=True)

                way = Cutter()
                with visit(way) as at:
                    at.enter()
                    at.page.get_by_text('web-1').wait_for()
                    latchkey('instance', 'add', 'new-1', '--address', '10.9.8.7')
                    at.page.get_by_role('link', name='new-1', exact=True).click()
                    expect(at.page.get_by_text('it has no agent here')).to_be_visible()
                    latchkey('instance', 'remove', 'new-1')
                    expect(at.page.get_by_text('not there any more')).to_be_visible()
                    at.place('Instances')
                    expect(at.page.get_by_role('link', name='new-1', exact=True)).to_have_count(0)
                    way.cut()
                    expect(at.page.get_by_text('Not up to date: the server does not answer')).to_be_visible()
                    way.mend()
                    expect(at.page.get_by_text('Not up to date')).to_have_count(0)
                    # While no one looks, nothing is asked.
                    at.page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })")
                    at.page.wait_for_timeout(3000)
                    asked = []
                    at.page.on('request', lambda request: asked.append(request.url))
                    at.page.wait_for_timeout(4000)
                    assert asked == [], asked
                """
            )
        }
    }

    @Test(.enabled(if: ContainerAgent.officialFolder != nil && Engine.current == .docker))
    func `an instance with Amazon's agent opens, too, and again after a reload`() throws {
        try Scratch.with { scratch in
            let key = "\(scratch.sshFolder)/id_ed25519"
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
            try TestRelay.with(scratch) { relay in
                try ContainerAgent.with(relay, "web-1", authorizing: try scratch.read("\(key).pub"), make: .amazon) {
                    _ in
                    try browse(
                        scratch,
                        relay,
                        """
                        with visit() as at:
                            at.enter()
                            at.connect('web-1')
                            at.shown('$')
                            assert at.run('echo $((40 + 2))').count('42') == 1
                            at.page.reload()
                            at.connected()
                            at.run('true')
                            at.type('exit\\n')
                            expect(at.page.locator('.terminal[data-state=ended]')).to_have_count(1)
                        """
                    )
                }
            }
        }
    }
}
