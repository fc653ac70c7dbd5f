# SPDX-License-Identifier: Apache-2.0
"""A server that answers as AWS's services do."""

import base64
import datetime
import fnmatch  # noqa: F401 (for the expressions that tests give)
import json
import os
import re
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKiWz2aUN/tidNZ4UqbOQByoWMqb4VSSoTDte3IeOQDg"


def machine(number, name, state="running", image="ami-1", **more):
    tags = dict(more.pop("tags", {}), Name=name)
    return dict(
        instanceId="i-%017x" % number,
        tags=tags,
        state=state,
        imageId=image,
        ipAddress="198.51.100.%d" % number,
        privateIpAddress="10.0.0.%d" % number,
        keyName="web",
        **more,
    )


MACHINES = [
    machine(1, "web-1", tags={"env": "prod"}),
    machine(2, "web-2", image="ami-2"),
    machine(3, "we*b", image="ami-3"),
    machine(4, "gone", "terminated"),
    machine(5, "twin"),
    machine(6, "twin"),
    machine(7, "tagged", tags={"latchkey:user": "deploy"}),
    machine(8, "win", image="ami-4", platform="windows"),
]
IMAGES = {
    "ami-1": ("ubuntu/images/hvm-ssd/ubuntu-noble-24.04", ""),
    "ami-2": ("debian-12-amd64", ""),
    "ami-3": ("mine", "made of al2023-ami-minimal"),
}
CONSOLE = (
    "noise\r\n[   12.3] cloud-init[9]: -----BEGIN SSH HOST KEY KEYS-----\r\n[ 12.3] cloud-init[9]: %s root@x\r\n"
    "[   12.3] cloud-init[9]: -----END SSH HOST KEY KEYS-----\r\nmore\r\n" % KEY
)
LOG, PLAN, PUSHED, RENEWED, KEYS, CONSOLES, ANSWERS = [], [], [], [], {"web": KEY}, {}, {}


def push(key):
    with open(PUSHED[0] + ".new", "w") as file:
        file.write(key)
    os.rename(PUSHED[0] + ".new", PUSHED[0])
    for _ in range(3600):
        if os.path.exists(PUSHED[0] + ".in"):
            return
        time.sleep(0.05)


def add_machine(m):
    one = machine(len(MACHINES) + 1, m["name"], tags={"latchkey:user": m["user"], "latchkey:port": m["port"]})
    one.update(ipAddress="127.0.0.1", privateIpAddress=None, keyName="its")
    MACHINES.append(one)
    KEYS["its"] = m["key"]
    CONSOLES[one["instanceId"]] = CONSOLE.replace(KEY + " root@x", m["hostKeys"].replace("\n", "\r\n"))


def xml(value):
    if isinstance(value, dict):
        return "".join("<%s>%s</%s>" % (k, xml(v), k) for k, v in value.items() if v is not None)
    if isinstance(value, list):
        return "".join("<item>%s</item>" % xml(v) for v in value)
    return escape(str(value))


def matches(text, pattern):
    parts = re.split(r"(\\.|[*?])", pattern)
    regex = "".join(".*" if p == "*" else "." if p == "?" else re.escape(p[1:] if p[:1] == "\\" else p) for p in parts)
    return re.fullmatch(regex, text or "", re.S) is not None


def value(m, name):
    if name.startswith("tag:"):
        return m["tags"].get(name[4:])
    return {
        "instance-id": m["instanceId"],
        "ip-address": m["ipAddress"],
        "key-name": m["keyName"],
        "private-ip-address": m["privateIpAddress"],
        "instance-state-name": m["state"],
    }.get(name)


def filters(form):
    out = {}
    for k, v in form.items():
        part = re.fullmatch(r"Filter\.(\d+)\.Value\.\d+", k)
        if part:
            out.setdefault(form["Filter.%s.Name" % part.group(1)], []).append(v)
    return out


def describe_instances(form):
    found = [m for m in MACHINES if all(any(matches(value(m, n), p) for p in ps) for n, ps in filters(form).items())]
    start = int(form.get("NextToken", "0"))
    page = found[start : start + 2]
    items = [
        dict(
            instanceId=m["instanceId"],
            imageId=m["imageId"],
            instanceState=dict(code=16, name=m["state"]),
            keyName=m["keyName"],
            launchTime="2026-11-24T15:00:00.000Z",
            ipAddress=m["ipAddress"],
            platform=m.get("platform"),
            privateIpAddress=m["privateIpAddress"],
            groupSet=[dict(groupId="sg-1")],
            tagSet=[dict(key=k, value=v) for k, v in m["tags"].items()],
        )
        for m in page
    ]
    return dict(
        reservationSet=[dict(ownerId="1", instancesSet=[i]) for i in items],
        nextToken=str(start + 2) if start + 2 < len(found) else None,
    )


def assume_role(form):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return dict(
        Credentials=dict(
            AccessKeyId="ASIA" + form["RoleArn"][-4:],
            SecretAccessKey="S",
            SessionToken="T",
            Expiration=end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
    )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def answer(self, status, body, kind="text/xml"):
        body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self, what, fields):
        signed = re.search(r"Credential=([^/]*)/\d*/([^/]*)/([^/]*)/", self.headers.get("Authorization", ""))
        if signed:
            fields = dict(fields, key=signed.group(1), scope="%s/%s" % signed.groups()[1:])
        if self.headers.get("X-Amz-Security-Token"):
            fields["token"] = self.headers["X-Amz-Security-Token"]
        LOG.append(dict(what=what, fields=fields, connection=id(self) % 100000))

    def faulty(self, what="", fields=None):
        if what in ANSWERS:
            expression, n = ANSWERS[what]
            ANSWERS[what][1] += 1
            self.answer(200, eval(expression, dict(globals(), n=n, f=fields or {})))
            return True
        if not PLAN:
            return False
        fault = PLAN.pop(0)
        if fault == "drop":
            self.close_connection = True
        else:
            status, body = fault.split(" ", 1)
            self.answer(int(status), body)
        return True

    def do_PUT(self):
        self.note(self.path, dict(ttl=self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")))
        self.answer(200, "imds-token", "text/plain")

    def do_GET(self):
        if self.path == "/_requests":
            # Before the answer: who has that may ask for something else at once.
            asked = list(LOG)
            LOG.clear()
            return self.answer(200, json.dumps(asked), "application/json")
        self.note(self.path, {})
        if self.faulty():
            return
        key = dict(AccessKeyId="ASIAMETA", SecretAccessKey="S", Token="T", Expiration="2099-01-01T00:00:00Z")
        if self.path.startswith("/federation/credentials"):
            if self.headers.get("x-amz-sso_bearer_token") != "good":
                return self.answer(401, json.dumps(dict(__type="UnauthorizedException", message="no")))
            self.answer(
                200,
                json.dumps(
                    dict(
                        roleCredentials=dict(
                            accessKeyId="ASIASSO", secretAccessKey="S", sessionToken="T", expiration=4070908800000
                        )
                    )
                ),
            )
        elif self.path == "/container":
            self.answer(200 if self.headers.get("Authorization") == "tok" else 403, json.dumps(key))
        elif self.headers.get("X-aws-ec2-metadata-token") != "imds-token":
            self.answer(401, "")
        elif self.path.endswith("security-credentials/"):
            self.answer(200, "my-role\n")
        else:
            self.answer(200, json.dumps(key))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path == "/_plan":
            PLAN.extend(json.loads(body))
            return self.answer(200, "")
        if self.path == "/_answer":
            ANSWERS[json.loads(body)[0]] = [json.loads(body)[1], 0]
            return self.answer(200, "")
        if self.path == "/_machine":
            add_machine(json.loads(body))
            return self.answer(200, "")
        if self.path == "/_pushed":
            PUSHED[:] = [body]
            return self.answer(200, "")
        if self.path == "/token":
            fields = json.loads(body)
            self.note(self.path, fields)
            if self.faulty():
                return
            if fields.get("refreshToken") != "r%d" % len(RENEWED):
                return self.answer(400, json.dumps(dict(error="invalid_grant", error_description="no")))
            RENEWED.append(1)
            return self.answer(
                200,
                json.dumps(
                    dict(accessToken="good", tokenType="Bearer", expiresIn=3600, refreshToken="r%d" % len(RENEWED))
                ),
            )
        target = self.headers.get("X-Amz-Target", "")
        if target:
            self.note(target.split(".")[-1], {k: str(v) for k, v in json.loads(body).items()})
            if self.faulty(target.split(".")[-1], json.loads(body)):
                return
            known = {
                "GetConnectionStatus": dict(Target="x", Status="notconnected"),
                "DescribeSessions": dict(Sessions=[]),
                "DescribeInstanceInformation": dict(
                    InstanceInformationList=[
                        dict(InstanceId="mi-0000000000000000a", PingStatus="Online", Name="far-1", IPAddress="10.9.9.9")
                    ]
                ),
            }
            name = target.split(".")[-1]
            if PUSHED and target == "AWSEC2InstanceConnectService.SendSSHPublicKey":
                if PUSHED[-1] == "503":
                    return self.answer(503, "{}")
                push(json.loads(body)["SSHPublicKey"])
                known[name] = dict(RequestId="r", Success=True)
            if PUSHED:
                known["GetConnectionStatus"]["Status"] = "connected"
            if name not in known:
                return self.answer(400, json.dumps(dict(__type="InvalidDocument", message="no")))
            return self.answer(200, json.dumps(known[name]), "application/x-amz-json-1.1")
        form = dict(urllib.parse.parse_qsl(body))
        action = form["Action"]
        self.note(action, form)
        if self.faulty(action, form):
            return
        if action in ("AssumeRole", "AssumeRoleWithWebIdentity"):
            inner = xml(assume_role(form))
            return self.answer(
                200, "<%sResponse><%sResult>%s</%sResult></%sResponse>" % ((action,) * 2 + (inner,) + (action,) * 2)
            )
        if action == "DescribeInstances":
            inner = describe_instances(form)
        elif action == "DescribeKeyPairs":
            name = form.get("KeyName.1", "web")
            if name not in KEYS:
                return self.answer(
                    400,
                    "<Response><Errors><Error><Code>InvalidKeyPair.NotFound</Code>"
                    "<Message>no</Message></Error></Errors></Response>",
                )
            inner = dict(
                keySet=[
                    dict(
                        keyPairId="key-1",
                        keyName=name,
                        keyType="ed25519",
                        keyFingerprint="f",
                        publicKey=KEYS[name] + " web",
                        createTime="2026-11-24T15:00:00.000Z",
                    )
                ]
            )
        elif action == "DescribeImages":
            inner = dict(
                imagesSet=[
                    dict(imageId=i, name=IMAGES[i][0], description=IMAGES[i][1])
                    for i in filters(form).get("image-id", [])
                    if i in IMAGES
                ]
            )
        elif action == "GetConsoleOutput":
            shown = CONSOLES.get(form["InstanceId"], CONSOLE if form["InstanceId"].endswith("1") else "")
            inner = dict(output=base64.b64encode(shown.encode()).decode() or None)
        else:
            return self.answer(400, "<Response><Errors><Error><Code>InvalidAction</Code></Error></Errors></Response>")
        self.answer(
            200,
            '<?xml version="1.0"?><%sResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">%s</%sResponse>'
            % (action, xml(inner), action),
        )


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
