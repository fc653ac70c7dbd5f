# SPDX-License-Identifier: Apache-2.0
"""A server that talks before its identification."""

import socket
import sys
import threading

server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], file=sys.stderr, flush=True)


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    b.close()


while True:
    client, _ = server.accept()
    client.sendall(b"welcome\r\n" + b"x" * 5000 + b"\r\n")
    to = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    for pair in ((client, to), (to, client)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
