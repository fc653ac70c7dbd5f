# SPDX-License-Identifier: Apache-2.0
"""Connections that end one way only."""

import socket
import ssl
import sys

from home import SERVER

PORT = int(sys.argv[1])
trust = ssl.create_default_context(cafile=SERVER["authorities"])


class Connection:
    def __init__(self, secure):
        self.socket, self.tls = socket.create_connection(("127.0.0.1", PORT), timeout=100), None
        if not secure:
            return
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trust.wrap_bio(self.incoming, self.outgoing, server_hostname="127.0.0.1")
        self.go_on(self.tls.do_handshake)

    def flush(self):
        if data := self.outgoing.read():
            self.socket.sendall(data)

    def go_on(self, step, *values):
        while True:
            try:
                done = step(*values)
                self.flush()
                return done
            except ssl.SSLWantReadError:
                self.flush()
                data = self.socket.recv(1 << 16)
                if data:
                    self.incoming.write(data)
                else:
                    self.incoming.write_eof()

    def sendall(self, data):
        if self.tls:
            self.go_on(self.tls.write, data)
        else:
            self.socket.sendall(data)

    def recv(self, count):
        if not self.tls:
            return self.socket.recv(count)
        try:
            return self.go_on(self.tls.read, count)
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""


def dial(secure):
    return Connection(secure)


def half_close(link, end):
    if end == "notify":
        # The TLS alert alone, then TCP's end: the answering alert is not waited for.
        try:
            link.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        link.flush()
    link.socket.shutdown(socket.SHUT_WR)


def rest(link):
    got = b""
    while chunk := link.recv(1 << 16):
        got += chunk
    return got


def ask(bytes, secure=False, end=None):
    link = dial(secure)
    link.sendall(bytes)
    half_close(link, end)
    return rest(link)


GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
