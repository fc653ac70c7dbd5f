# SPDX-License-Identifier: Apache-2.0
"""A proxy that ends TLS."""

import socket
import ssl
import sys
import threading

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[3] + "/server.pem", sys.argv[3] + "/server-key.pem")
mark = b" HTTP/1.1\r\n"


def pump(near, far, more):
    try:
        while data := near.recv(65536):
            if more and data[:4] in (b"GET ", b"POST"):
                data = data.replace(mark, mark + more, 1)
            far.sendall(data)
        far.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(raw):
    try:
        near, far = (
            context.wrap_socket(raw, server_side=True),
            socket.create_connection(("127.0.0.1", int(sys.argv[2]))),
        )
        threading.Thread(target=pump, args=(far, near, b""), daemon=True).start()
        pump(near, far, sys.argv[4].encode().replace(b"|", b"\r\n"))
    except OSError:
        pass


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
