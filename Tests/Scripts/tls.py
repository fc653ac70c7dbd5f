# SPDX-License-Identifier: Apache-2.0
"""What those begin with that speak TLS by hand."""

import errno  # noqa: F401 (for the scripts that begin with this)
import random  # noqa: F401
import re  # noqa: F401
import socket
import ssl
import subprocess  # noqa: F401
import sys
import time  # noqa: F401
import urllib.request

from home import SERVER

PORT = int(sys.argv[1])
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def dial():
    return socket.create_connection(("127.0.0.1", PORT), timeout=100)


def trust(version=None, protocols=None):
    context = ssl.create_default_context(cafile=SERVER["authorities"])
    if version:
        context.minimum_version = context.maximum_version = version
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


def is_healthy():
    assert urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=100).read() == b"ok\n"


class Secured:
    def __init__(self, context, chunk=1 << 20, early=b""):
        self.socket, self.chunk = dial(), chunk
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="127.0.0.1")
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush()
                self.feed()
        # With the handshake's last message, in one chunk.
        if early:
            self.tls.write(early)
        self.flush()

    def flush(self):
        data = self.outgoing.read()
        for at in range(0, len(data), self.chunk):
            self.socket.sendall(data[at : at + self.chunk])

    def feed(self):
        data = self.socket.recv(1 << 16)
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()

    def say(self, data):
        self.tls.write(data)
        self.flush()

    def hear(self):
        """All that comes until the server says goodbye, which it must."""
        got = b""
        while True:
            try:
                chunk = self.tls.read(1 << 16)
                if not chunk:
                    return got
                got += chunk
            except ssl.SSLWantReadError:
                self.feed()
            except ssl.SSLZeroReturnError:
                return got


def hello():
    outgoing = ssl.MemoryBIO()
    tls = trust().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="127.0.0.1")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()
