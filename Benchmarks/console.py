#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the console in a headless Chromium, beside terminado with the same xterm.js, in one run and in turn.

usage: console.py FOLDER-OF-PROGRAMS     with playwright, terminado and tornado installed, and Chromium
"""

import asyncio
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import tornado.ioloop
import tornado.web
from playwright.sync_api import sync_playwright
from terminado import TermSocket, UniqueTermManager

PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
XTERM = next(folder / "console" / "xterm" for folder in PROGRAMS.parents if (folder / "console" / "xterm").is_dir())
CHROMIUM = shutil.which("chromium")
PAIRS = 3
KEYS = 200
FLOOD = 100_000_000
# The same shell at both ends, without start-up files of anyone's.
PROMPT = "ready> "

RIVAL_PAGE = """<!doctype html><meta charset="utf-8"><title>rival</title><link rel="stylesheet" href="/xterm/xterm.css">
<script src="/xterm/xterm.js"></script><script src="/xterm/addon-fit.js"></script><script src="/xterm/addon-webgl.js"></script>
<style>html, body, #screen { height: 100%; margin: 0 }</style><button id="go">Connect</button><div id="screen"></div>
<script>
document.getElementById("go").addEventListener("click", () => {
    const terminal = (globalThis.terminal = new Terminal({ scrollback: 10000, allowProposedApi: true }));
    const fit = new FitAddon.FitAddon();
    terminal.loadAddon(fit);
    terminal.open(document.getElementById("screen"));
    try { terminal.loadAddon(new WebglAddon.WebglAddon()); } catch {}
    fit.fit();
    const socket = new WebSocket(`ws://${location.host}/socket`);
    socket.onopen = () => socket.send(JSON.stringify(["set_size", terminal.rows, terminal.cols, 0, 0]));
    socket.onmessage = ({ data }) => {
        const [kind, text] = JSON.parse(data);
        if (kind === "stdout") terminal.write(text);
    };
    terminal.onData((text) => socket.send(JSON.stringify(["stdin", text])));
});
</script>
"""

# What both pages are asked, whichever way their terminal is found.
PROBE = """
globalThis.probe = {
    terminal: () => globalThis.terminal ?? globalThis.latchkeyConsole?.terminals?.current?.terminal,
    line(terminal) {
        const buffer = terminal.buffer.active;
        return buffer.getLine(buffer.baseY + buffer.cursorY)?.translateToString(true, 0, buffer.cursorX) ?? "";
    },
    shows(wanted) {
        return new Promise((done) => {
            const look = () => {
                const terminal = probe.terminal();
                if (terminal && wanted(terminal)) return done(performance.now());
                setTimeout(look, 1);
            };
            look();
        });
    },
    async opens(button, prompt) {
        const began = performance.now();
        button.click();
        const end = await probe.shows((terminal) => new RegExp(prompt).test(probe.line(terminal)));
        return end - began;
    },
    async runs(command, mark) {
        const terminal = probe.terminal();
        const began = performance.now();
        terminal.input(command + "\\n", true);
        const shown = (terminal) => {
            const buffer = terminal.buffer.active;
            for (let row = Math.max(0, buffer.length - 60); row < buffer.length; row += 1) {
                if (buffer.getLine(row)?.translateToString(true).startsWith(mark)) return true;
            }
            return false;
        };
        return (await probe.shows(shown)) - began;
    },
    async echoes(count) {
        const terminal = probe.terminal();
        const times = [];
        for (let number = 0; number < count; number += 1) {
            const before = terminal.buffer.active.cursorX;
            const began = performance.now();
            const parsed = new Promise((done) => {
                const listener = terminal.onWriteParsed(() => {
                    if (terminal.buffer.active.cursorX === before) return;
                    listener.dispose();
                    done();
                });
            });
            terminal.input(number % 40 === 39 ? "\\x15" : "x", true);
            await parsed;
            times.push(performance.now() - began);
        }
        return times;
    },
};
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def latchkey(work):
    """A latchkeyd with one agent, and the page's address with who may sign in."""
    port = free_port()
    home = os.path.join(work, "home")
    environment = {**os.environ, "LATCHKEY_HOME": home}

    def run(program, *words):
        return subprocess.run(
            [PROGRAMS / program, *words], env=environment, check=True, capture_output=True, text=True
        ).stdout

    profile = run("latchkeyd", "init", "--port", str(port))
    key, secret = (re.search(rf"{name} = (\S+)", profile)[1] for name in ("aws_access_key_id", "aws_secret_access_key"))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([PROGRAMS / "latchkeyd", "run"], env=environment, **quiet)
    agent = None
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        activation = run("latchkeyd", "activation", "create", "--name", "web-1")
        values = dict(re.findall(r"^activation_(id|code) = (\S+)", activation, re.M))
        state = os.path.join(work, "agent")
        run(
            "latchkey-agent", "register", "--endpoint", f"https://127.0.0.1:{port}", "--ca", f"{home}/tls/ca.pem",
            "--activation-id", values["id"], "--activation-code", values["code"], "--state", state,
        )  # fmt: skip
        agent = subprocess.Popen([PROGRAMS / "latchkey-agent", "run", "--state", state], env=environment, **quiet)
        yield f"https://127.0.0.1:{port}", key, secret
    finally:
        for process in (agent, server):
            if process:
                process.terminate()
                process.wait()


class Socket(TermSocket):
    def check_origin(self, origin):
        return True


class Page(tornado.web.RequestHandler):
    def get(self):
        self.finish(RIVAL_PAGE)


class Nothing(tornado.web.RequestHandler):
    def get(self):
        self.set_status(204)


def rival(port):
    """terminado on a thread of its own, for as long as this program runs."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    manager = UniqueTermManager(shell_command=["bash", "--norc"], extra_env={"PS1": PROMPT})
    files = {"path": str(XTERM)}
    application = tornado.web.Application(
        [
            ("/", Page),
            ("/favicon.ico", Nothing),
            ("/socket", Socket, {"term_manager": manager}),
            ("/xterm/(.*)", tornado.web.StaticFileHandler, files),
        ]
    )
    application.listen(port, "127.0.0.1")
    tornado.ioloop.IOLoop.current().start()


def renderer_memory(browser_process):
    """MB of the largest process that draws a page."""
    most = 0
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if b"--type=renderer" not in command or browser_process.encode() not in command:
                continue
            status = (folder / "smaps_rollup").read_text()
            most = max(most, int(re.search(r"^Pss:\s+(\d+)", status, re.M)[1]) / 1024)
    return most


class Watch:
    """The most memory that was seen while something ran."""

    def __init__(self, profile):
        self.profile, self.most, self.goes_on = profile, 0, True
        self.before = renderer_memory(profile)
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self):
        while self.goes_on:
            self.most = max(self.most, renderer_memory(self.profile))
            time.sleep(0.2)

    def end(self):
        self.goes_on = False
        self.thread.join()
        return self.most - self.before


def measure(playwright, work, number, own):
    """One terminal, of ours or of the rival's, from the click on."""
    profile = os.path.join(work, f"browser-{number}-{'own' if own else 'rival'}")
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=CHROMIUM, ignore_https_errors=True, viewport={"width": 1200, "height": 800},
        args=["--no-sandbox", "--disable-dev-shm-usage"],
    )  # fmt: skip
    page = context.pages[0]
    page.set_default_timeout(300_000)
    page.add_init_script(PROBE)
    found = {}
    if own:
        address, key, secret = own
        page.goto(f"{address}/console/")
        page.get_by_label("Access key id").fill(key)
        page.get_by_label("Secret access key").fill(secret)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("web-1").wait_for()
        # As one comes who is signed in, and has nothing of it yet.
        context.new_cdp_session(page).send("Network.clearBrowserCache")
        page.reload()
        page.get_by_role("button", name="Connect to web-1").wait_for()
        # Until it can be clicked, from the moment that the address was typed.
        found["shown"] = page.evaluate("performance.now()")
        sizes = "performance.getEntries().reduce((sum, entry) => sum + (entry.encodedBodySize || 0), 0)"
        found["bytes"] = page.evaluate(sizes) / 1000
        button = "document.querySelector('button[aria-label=\"Connect to web-1\"]')"
        prompt = "[#$] $"
    else:
        page.goto(f"http://127.0.0.1:{RIVAL_PORT}/")
        button, prompt = "document.querySelector('#go')", PROMPT
    # The agent's shell reads its user's start-up files, the rival's none.
    found["click"] = page.evaluate(f"probe.opens({button}, {json.dumps(prompt)})")
    page.evaluate("probe.runs(\"PS1='ready> '; echo set-'up'\", 'set-up')")
    times = sorted(page.evaluate(f"probe.echoes({KEYS})"))
    found["echo"], found["echo99"] = statistics.median(times), times[int(len(times) * 0.99)]
    page.evaluate("probe.terminal().input('\\x15', true)")
    watch = Watch(profile)
    command = f"head -c {FLOOD} /dev/zero | tr '\\\\0' x | fold -w 100; echo; echo finished-'now'"
    found["flood"] = page.evaluate(f"probe.runs({json.dumps(command)}, 'finished-now')") / 1000
    found["memory"] = watch.end()
    context.close()
    return found


def line(name, value, aim, reached):
    print(f"  {name:<70}{value:<28}{'reached' if reached else 'missed '} {aim}")


RIVAL_PORT = free_port()


def main():
    with tempfile.TemporaryDirectory() as work, latchkey(work) as own, sync_playwright() as playwright:
        threading.Thread(target=rival, args=(RIVAL_PORT,), daemon=True).start()
        time.sleep(1)
        ours, theirs = [], []
        for number in range(PAIRS):
            for results, which in ((ours, own), (theirs, None)):
                results.append(measure(playwright, work, number, which))

        def of(results, name):
            values = [result[name] for result in results]
            return statistics.median(values), min(values), max(values)

        print("\nthe console in Chromium, beside terminado with the same xterm.js; median (least–greatest)")
        for name, title, unit, aim, limit in [
            ("click", "from the click to the prompt", "ms", "≤ 600 ms", 600),
            ("shown", "the page, until one can click", "ms", "≤ 500 ms", 500),
            ("bytes", "what it takes over the wire, without the terminal", "kB", "≤ 400 kB", 400),
            ("echo", "a key and its echo, half of them within", "ms", "≤ 20 ms", 20),
            ("echo99", "a key and its echo, 99 of 100 within", "ms", "", None),
            ("memory", "memory of the tab over its start, at most, while 100 MB come", "MB", "≤ 150 MB", 150),
        ]:
            middle, least, most = of(ours, name)
            told = f"{middle:.4g} {unit} ({least:.4g}–{most:.4g})"
            line(title, told, aim, limit is None or middle <= limit)
            if name in theirs[0]:
                middle, least, most = of(theirs, name)
                print(f"    terminado {'':<58}{middle:.4g} {unit} ({least:.4g}–{most:.4g})")
        ratios = [one["flood"] / other["flood"] for one, other in zip(ours, theirs, strict=True)]
        told = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        line("100 MB through the terminal, time, ours : terminado's", told, "≤ 1.00", statistics.median(ratios) <= 1)
        print(f"    {of(ours, 'flood')[0]:.2f} s against {of(theirs, 'flood')[0]:.2f} s, {PAIRS} pairs")


main()
