# SPDX-License-Identifier: Apache-2.0
"""An ssh-agent that has one key of a security key."""

import base64
import hashlib
import socket
import struct
import subprocess
import sys

path, folder = sys.argv[1:]


def string(value):
    return struct.pack(">I", len(value)) + value


subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", folder + "/sk.pem"], check=True)
raw = subprocess.run(
    ["openssl", "pkey", "-in", folder + "/sk.pem", "-pubout", "-outform", "DER"], check=True, capture_output=True
).stdout[-32:]
name, application = b"sk-ssh-ed25519@openssh.com", b"ssh:"
blob = string(name) + string(raw) + string(application)
open(folder + "/sk.pub", "w").write(name.decode() + " " + base64.b64encode(blob).decode() + " touch\n")


def sign(message):
    flags, counter = b"\1", struct.pack(">I", 7)
    signed = hashlib.sha256(application).digest() + flags + counter + hashlib.sha256(message).digest()
    open(folder + "/signed", "wb").write(signed)
    raw = subprocess.run(
        ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", folder + "/sk.pem", "-in", folder + "/signed"],
        check=True,
        capture_output=True,
    ).stdout
    return string(name) + string(raw) + flags + counter


server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(8)
while True:
    client, _ = server.accept()
    while True:
        head = client.recv(4, socket.MSG_WAITALL)
        if len(head) < 4:
            break
        request = client.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL)
        if request[0] == 11:
            answer = b"\x0c" + struct.pack(">I", 1) + string(blob) + string(b"touch")
        elif request[0] == 13:
            length = struct.unpack(">I", request[1:5])[0]
            rest = request[5 + length :]
            size = struct.unpack(">I", rest[:4])[0]
            answer = b"\x0e" + string(sign(rest[4 : 4 + size]))
        else:
            answer = b"\x05"
        client.sendall(string(answer))
