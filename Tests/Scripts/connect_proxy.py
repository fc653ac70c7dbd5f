# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy that knows CONNECT only."""

import base64
import socket
import sys
import threading

server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen()


def pump(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)


def serve(client):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        part = client.recv(1)
        if not part:
            return
        head += part
    lines = head.decode().split("\r\n")
    print(lines[0], flush=True)
    login = "Proxy-Authorization: Basic " + base64.b64encode(sys.argv[2].encode()).decode()
    if sys.argv[2] and login not in lines:
        return client.sendall(b"HTTP/1.1 407 No\r\n\r\n") or client.close()
    if sys.argv[3] != "pass":
        return client.sendall(sys.argv[3].encode().decode("unicode_escape").encode()) or client.close()
    # Whatever the name, there is one server here.
    there = socket.create_connection(("127.0.0.1", int(sys.argv[4])))
    client.sendall(b"HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n")
    threading.Thread(target=pump, args=(there, client), daemon=True).start()
    pump(client, there)


while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
