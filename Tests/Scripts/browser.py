# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium at the console."""

import atexit
import contextlib
import itertools
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse

from console import SERVER
from playwright.sync_api import expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# A machine that is busy draws slowly.
TIMEOUT = 60_000
expect.set_options(timeout=TIMEOUT)
ROWS = ".terminal:not([hidden])"
# Numbers of commands: what another page has shown before is shown here, too.
SERIALS = itertools.count(1)


class Visit:
    """A page of the console, and what went wrong on it."""

    def __init__(self, context, origin):
        self.context = context
        self.origin = origin
        self.faults = []
        self.page = context.new_page()
        self.page.set_default_timeout(TIMEOUT)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", self._heard)
        # What the page's policy forbids is told to it; and it must never have tried.
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => console.error('VIOLATION ' + event.violatedDirective"
            " + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber))"
        )
        self.page.on("request", self._asked)

    def _heard(self, message):
        if message.text.startswith("VIOLATION"):
            self.faults.append(message.text)

    def _asked(self, request):
        address = urllib.parse.urlsplit(request.url)
        if (
            address.scheme in ("http", "https", "ws", "wss")
            and address.netloc != urllib.parse.urlsplit(self.origin).netloc
        ):
            self.faults.append(f"asks another host: {request.url}")

    def open(self, path="/console/"):
        self.page.goto(self.origin + path)

    def sign_in(self, key=None, secret=None):
        self.page.get_by_label("Access key id").fill(key or SERVER["accessKeyID"])
        self.page.get_by_label("Secret access key").fill(secret or SERVER["secretAccessKey"])
        self.page.get_by_role("button", name="Sign in").click()

    def enter(self):
        """To the list of instances, signed in."""
        self.open()
        self.sign_in()
        self.page.get_by_role("heading", name="Instances").wait_for()

    def place(self, name):
        self.page.get_by_role("navigation").get_by_role("link", name=name).click()
        self.page.get_by_role("heading", name=name, exact=True).wait_for(state="attached")

    # Terminals

    def connect(self, name):
        self.page.get_by_role("button", name=f"Connect to {name}").click()
        self.connected()

    def connected(self, count=1):
        self.page.locator(".terminal[data-state=connected]:not([hidden])").wait_for()

    def type(self, text):
        self.page.keyboard.type(text)

    def run(self, command):
        """Types a command, and returns what the terminal shows once that is done."""
        serial = next(SERIALS)
        self.type(f"{command}; echo done-'{serial}'-\n")
        return self.shown(f"done-{serial}-")

    def screen(self):
        """All that the terminal has, a line each, wrapped ones joined."""
        return self.page.evaluate(
            """() => {
                const { terminal } = latchkeyConsole.terminals.current;
                if (!terminal) return "";
                const buffer = terminal.buffer.active;
                let text = "";
                for (let row = 0; row < buffer.length; row += 1) {
                    const line = buffer.getLine(row);
                    text += (line.isWrapped || row === 0 ? "" : "\\n") + line.translateToString(true);
                }
                return text;
            }"""
        )

    def shown(self, text, seconds=60):
        """What the terminal shows, as soon as a text is there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            screen = self.screen()
            if text in screen:
                return screen
            self.page.wait_for_timeout(50)
        raise AssertionError(f"'{text}' is not shown:\n{self.screen()[-3000:]}")

    def state(self):
        return self.page.locator(ROWS).get_attribute("data-state")

    def session(self):
        return self.page.evaluate("latchkeyConsole.terminals.current.sessionID")

    def picture(self, name):
        folder = os.environ.get("LATCHKEY_TEST_PICTURES") or os.path.join(os.environ["WORK"], "pictures")
        os.makedirs(folder, exist_ok=True)
        self.page.screenshot(path=os.path.join(folder, f"{name}.png"))

    def check(self):
        assert not self.faults, self.faults


def axe():
    """The source of axe-core."""
    import axe_core_python

    return next(pathlib.Path(axe_core_python.__file__).parent.rglob("axe.min.js")).read_text()


class Apart:
    """A network of the browser's own, where it does not notice the interfaces that come and go with others' containers: it
    breaks off all that it has under way at each."""

    def __init__(self):
        self.name = f"lkb-{os.getpid()}"
        number = os.getpid() % 16_000
        self.here, there = (f"10.214.{number // 64}.{number % 64 * 4 + host}" for host in (1, 2))
        # An address of IPv6 would come a second after its interface, and change the network once more.
        commands = f"""
            ip netns add {self.name}
            ip link add {self.name} type veth peer name lkb netns {self.name}
            sysctl -qw net.ipv6.conf.{self.name}.disable_ipv6=1
            ip netns exec {self.name} sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.lkb.disable_ipv6=1
            ip address add {self.here}/30 dev {self.name}
            ip link set {self.name} up
            ip -netns {self.name} address add {there}/30 dev lkb
            ip -netns {self.name} link set lkb up
            ip -netns {self.name} link set lo up
        """
        atexit.register(subprocess.run, ["ip", "netns", "delete", self.name])
        subprocess.run(["sh", "-ec", commands], check=True)
        folder = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, folder)
        self.program = os.path.join(folder, "chromium")
        with open(self.program, "w") as script:
            script.write(f'#!/bin/sh\nexec ip netns exec {self.name} {CHROMIUM} "$@"\n')
        os.chmod(self.program, 0o700)


class Here:
    """The same as this program's, where networks cannot be made."""

    here = "127.0.0.1"
    program = CHROMIUM


NETWORK = Apart() if os.geteuid() == 0 and shutil.which("ip") else Here()


@contextlib.contextmanager
def visit(way=None, options=(), **more):
    """A page in a browser of its own; at the end nothing may have gone wrong on it."""
    with sync_playwright() as playwright:
        # Root has no user namespaces to put the browser's parts into.
        flags = ["--no-sandbox", "--disable-dev-shm-usage", *options]
        browser = playwright.chromium.launch(executable_path=NETWORK.program, args=flags)
        context = browser.new_context(
            ignore_https_errors=True,
            viewport={"width": 1200, "height": 800},
            locale="en-GB",
            permissions=["clipboard-read", "clipboard-write"],
            **more,
        )
        page = Visit(context, (way or Cutter()).origin)
        yield page
        page.check()
        browser.close()


class Cutter:
    """A way to the server that can be cut."""

    def __init__(self):
        self.address = urllib.parse.urlsplit(SERVER["endpoint"])
        self.listener = socket.create_server((NETWORK.here, 0))
        self.origin = f"{self.address.scheme}://{NETWORK.here}:{self.listener.getsockname()[1]}"
        self.isCut = False
        self.sockets = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client):
        if self.isCut:
            return self._reset(client)
        try:
            server = socket.create_connection((self.address.hostname, self.address.port))
        except OSError:
            return self._reset(client)
        pair = (client, server)
        self.sockets |= set(pair)
        threads = [
            threading.Thread(target=self._pump, args=(one, other), daemon=True) for one, other in (pair, pair[::-1])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.sockets -= set(pair)
        for end in pair:
            end.close()

    def _pump(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _reset(end):
        """Ends a connection as a network does that is gone, rather than in order."""
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        self.isCut = True
        for end in list(self.sockets):
            self._reset(end)

    def mend(self):
        self.isCut = False
