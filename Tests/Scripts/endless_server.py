# SPDX-License-Identifier: Apache-2.0
"""A server that does not come to an end."""

import socket
import sys
import threading
import time
from itertools import chain  # noqa: F401 (for the expressions that tests give)


def drip(text, pause):
    for byte in text:
        yield byte
        time.sleep(pause)


def forever(*chunks):
    while True:
        yield from chunks


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def serve(connection):
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.recv(65536)
        for chunk in eval(sys.argv[2]):
            connection.sendall(chunk if isinstance(chunk, bytes) else bytes([chunk]))
        time.sleep(600)
    except OSError:
        pass


server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
