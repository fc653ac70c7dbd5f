# SPDX-License-Identifier: Apache-2.0
"""A Docker engine that says what it is told to."""

import json
import re
import socketserver
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler

containers, log, plan = {}, [], {"list": 0.0, "before_list": None, "fail": {}, "console": "", "security": []}
# As at an engine's very first start: no gateway is told.
plan["network"] = {"IPAM": {"Config": [{"Subnet": "127.0.0.0/8"}]}, "Options": {"com.docker.network.bridge.name": "lo"}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def address_string(self):
        return "x"

    def answer(self, status, body=b""):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.do()

    def do_POST(self):
        self.do()

    def do_DELETE(self):
        self.do()

    def do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urllib.parse.urlparse(self.path)
        if path.path == "/_eval":
            names = globals()
            try:
                exec(body.decode().rsplit(";", 1)[0], names) if b";" in body else None
                return self.answer(200, str(eval(body.decode().rsplit(";", 1)[-1].strip(), names)).encode())
            except Exception as error:
                return self.answer(500, str(error).encode())
        path_text = path.path.removeprefix("/v1.41")
        log.append(self.command + " " + path_text)
        for pattern, status in list(plan["fail"].items()):
            if re.search(pattern, log[-1]):
                return self.answer(status, {"message": "planned"})
        if path_text == "/info":
            return self.answer(200, {"SecurityOptions": plan["security"]})
        if path_text == "/networks/bridge":
            return self.answer(200, plan["network"])
        if path_text == "/images/json":
            return self.answer(
                200,
                [
                    {
                        "Id": "sha256:" + "1" * 64,
                        "RepoTags": ["one:1"],
                        "Created": 1,
                        "Labels": {"latchkey.image": "one"},
                    }
                ],
            )
        if path_text == "/containers/json":
            label = json.loads(urllib.parse.parse_qs(path.query)["filters"][0])["label"][0]

            def fits(c):
                return label in c["Labels"] or label in ["%s=%s" % pair for pair in c["Labels"].items()]

            found = [dict(c) for c in containers.values() if fits(c)]
            time.sleep(plan["list"] if "home" in label else 0)
            return self.answer(200, found)
        if path_text == "/containers/create":
            asked = json.loads(body)
            name = urllib.parse.parse_qs(path.query)["name"][0]
            if any(c["Name"] == name for c in containers.values()):
                return self.answer(409, {"message": "name taken"})
            id = "%064x" % (len(log) + 1)
            containers[id] = {
                "Id": id,
                "Name": name,
                "State": "created",
                "Labels": asked["Labels"],
                "Asked": asked,
                "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "127.0.0.1"}}},
            }
            return self.answer(201, {"Id": id})
        id, _, action = path_text.removeprefix("/containers/").partition("/")
        if id not in containers:
            return self.answer(404, {"message": "no such container"})
        if self.command == "DELETE":
            del containers[id]
            return self.answer(204)
        if action == "json":
            return self.answer(200, {"State": {"Status": containers[id]["State"]}})
        if action == "logs":
            text = plan["console"].encode()
            return self.answer(200, b"\1\0\0\0" + len(text).to_bytes(4, "big") + text)
        if action == "start":
            containers[id]["State"] = "running"
        if action == "stop":
            containers[id]["State"] = "exited"
        if action == "restart":
            containers[id]["State"] = "exited"
            time.sleep(plan.get("restart", 0))
            containers[id]["State"] = "running"
        self.answer(204)


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


Server(sys.argv[1], Handler).serve_forever()
