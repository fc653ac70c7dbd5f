# SPDX-License-Identifier: Apache-2.0
"""A WebSocket server over TLS."""

import base64
import hashlib
import socket
import ssl
import struct
import sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1] + "/cert.pem", sys.argv[1] + "/key.pem")
listener = socket.create_server(("127.0.0.1", int(sys.argv[2])))
while True:
    try:
        connection = context.wrap_socket(listener.accept()[0], server_side=True)
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(4096)
        key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        connection.sendall((struct.pack(">BBH", 0x82, 126, 8192) + b"x" * 8192) * (int(sys.argv[3]) // 8))
        connection.recv(1)
    except OSError:
        pass
