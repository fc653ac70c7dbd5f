# SPDX-License-Identifier: Apache-2.0
"""What those begin with that drive a plugin."""

import hashlib  # noqa: F401 (for the scripts that begin with this)
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time  # noqa: F401

from home import SERVER, client

target = client().describe_instance_information()["InstanceInformationList"][0]["InstanceId"]


def plugin(document, parameters, **options):
    request = {"Target": target, "DocumentName": document, "Parameters": parameters}
    answer = client().start_session(**request)
    data = json.dumps({name: answer[name] for name in ("SessionId", "TokenValue", "StreamUrl")})
    return subprocess.Popen(
        [
            os.environ["WORK"] + "/plugin/session-manager-plugin",
            "AWS_SSM_START_SESSION_RESPONSE",
            "local",
            "StartSession",
            "",
            json.dumps(request),
            SERVER["endpoint"],
        ],
        stdout=subprocess.PIPE,
        env={
            **os.environ,
            "AWS_SSM_START_SESSION_RESPONSE": data,
            "AWS_CA_BUNDLE": SERVER["authorities"],
            "AWS_ACCESS_KEY_ID": SERVER["accessKeyID"],
            "AWS_SECRET_ACCESS_KEY": SERVER["secretAccessKey"],
        },
        **options,
    )


def forward(port, **more):
    process = plugin("AWS-StartPortForwardingSession", {"portNumber": [str(port)], **more})
    while not (found := re.match(rb"Port (\d+) opened for sessionId ", process.stdout.readline())):
        pass
    assert process.stdout.readline() == b"Waiting for connections...\n"
    return process, int(found[1])


def serve(each):
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        while True:
            threading.Thread(target=each, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def rest(link):
    got = b""
    while chunk := link.recv(1 << 16):
        got += chunk
    return got


def stop(process):
    process.send_signal(signal.SIGINT)
    words, _ = process.communicate(timeout=100)
    return words.decode(), process.returncode
