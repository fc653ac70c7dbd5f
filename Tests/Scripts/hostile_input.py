# SPDX-License-Identifier: Apache-2.0
"""What those begin with that send what no client would."""

import base64
import hashlib
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time
import urllib.request
import uuid

from home import client

PORT = int(sys.argv[1])


def access_key(user, *more):
    """A new access key: its id and its secret."""
    words = [os.environ["DAEMON"], "access-key", "create", user, *more]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return [line.split(" = ")[1] for line in lines.splitlines()]


def listed(state):
    return {s["SessionId"]: s for s in client().describe_sessions(State=state)["Sessions"]}


def wait(what, seconds=100):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, (listed("Active"), listed("History"))
        time.sleep(0.1)
    return found


def dial():
    return socket.create_connection(("127.0.0.1", PORT), timeout=100)


def rest(connection):
    """What still comes, to the end."""
    found = b""
    try:
        while chunk := connection.recv(65536):
            found += chunk
    except ConnectionError:
        pass
    return found


def say(*chunks, ends=False):
    """Sends pieces over a connection of their own, and tells the first line of the answer."""
    with dial() as connection:
        try:
            for chunk in chunks:
                connection.sendall(chunk)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return rest(connection).split(b"\r\n")[0].decode("latin1")


def is_healthy():
    return urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=100).read() == b"ok\n"


def metric(name):
    text = urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=100).read().decode()
    return int(re.search(rf"^{name} (\d+)$", text, re.M)[1])


def frame(opcode, payload=b"", final=True, masked=True, length=None):
    size = len(payload) if length is None else length
    bit = 0x80 if masked else 0
    head = bytes([opcode | (0x80 if final else 0)])
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


def message(kind, payload=b"x", sequence=0, payload_type=1, header_length=116, length=None, created=1):
    return (
        struct.pack(
            ">I32sIQqQ16s32sII",
            header_length,
            kind.encode().ljust(32),
            1,
            created,
            sequence,
            0,
            uuid.uuid4().bytes,
            hashlib.sha256(payload).digest(),
            payload_type,
            len(payload) if length is None else length,
        )
        + payload
    )


class Channel:
    """A WebSocket to the server; `status` is what the server said to that."""

    def __init__(self, path, headers=None):
        self.connection = dial()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{PORT}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(),
        ]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.connection.sendall("\r\n".join(lines + ["", ""]).encode())
        self.seen = b""
        while b"\r\n\r\n" not in self.seen:
            chunk = self.connection.recv(65536)
            if not chunk:
                break
            self.seen += chunk
        head, _, self.seen = self.seen.partition(b"\r\n\r\n")
        self.status = int(head.split()[1])

    def send(self, data):
        try:
            self.connection.sendall(data)
        except ConnectionError:
            pass
        return self

    def open(self, token, **more):
        content = {
            "MessageSchemaVersion": "1.0",
            "RequestId": str(uuid.uuid4()),
            "TokenValue": token,
            "ClientId": str(uuid.uuid4()),
            "ClientVersion": "1.2.677.0",
            **more,
        }
        return self.send(frame(1, json.dumps(content).encode()))

    def take(self, count):
        while len(self.seen) < count:
            chunk = self.connection.recv(65536)
            if not chunk:
                raise ConnectionError
            self.seen += chunk
        taken, self.seen = self.seen[:count], self.seen[count:]
        return taken

    def next(self):
        """A frame of the server: its opcode and payload."""
        first, size = self.take(2)
        if size == 126:
            size = struct.unpack(">H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.take(8))[0]
        return first & 15, self.take(size)

    def end(self):
        """The code with which the server closes it; None if it says nothing."""
        try:
            while True:
                opcode, payload = self.next()
                if opcode == 8:
                    return struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 0
        except (ConnectionError, struct.error):
            return None


def path(session):
    return f"/v1/data-channel/{session}?role=publish_subscribe"


class Session:
    """A session that was started and is opened by nobody yet."""

    def __init__(self, ssm, target, **more):
        answer = ssm.start_session(Target=target, **more)
        self.id, self.token = answer["SessionId"], answer["TokenValue"]

    def channel(self):
        return Channel(path(self.id))


class Bystander:
    """A session that runs meanwhile, and has to go on as if nothing were."""

    def __init__(self):
        words = [os.environ["PROGRAM"], "connect", "web-1", "--road", "relay", "--", "cat; exit 6"]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.check()

    def check(self):
        line = uuid.uuid4().hex.encode() + b"\n"
        self.process.stdin.write(line)
        self.process.stdin.flush()
        assert self.process.stdout.readline() == line

    def end(self):
        self.check()
        self.process.stdin.close()
        assert self.process.stdout.read() == b""
        return self.process.wait()
