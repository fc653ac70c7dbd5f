# SPDX-License-Identifier: Apache-2.0
"""A browser at the console, as far as its requests go."""

import http.client
import ssl
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from home import SERVER, json

address = urllib.parse.urlsplit(SERVER["endpoint"])
ORIGIN = SERVER["endpoint"].lower()


def connect():
    if address.scheme == "http":
        return http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    context = ssl.create_default_context(cafile=SERVER["authorities"])
    return http.client.HTTPSConnection(address.hostname, address.port, timeout=60, context=context)


def send(method, path, body=None, headers=None):
    connection = connect()
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    answer.content = answer.read()
    connection.close()
    return answer


def cookie(answer):
    """What a browser would send back."""
    return answer.getheader("Set-Cookie", "").split(";")[0]


def operation(target, content=None, **headers):
    """Asks an operation of the JSON protocol; an underscore in a header's name is a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(
        "POST",
        "/",
        json.dumps(content or {}),
        {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target, **named},
    )


def page(target, jar, content=None, **headers):
    """The same as the console's page asks it."""
    return operation(target, content, **{"Cookie": jar, "Origin": ORIGIN, "X_Latchkey_Console": "user", **headers})


def sign_in(key=None, secret=None):
    body = "{}"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "Latchkey.CreateConsoleSession",
        "Host": address.netloc,
    }
    request = AWSRequest("POST", SERVER["endpoint"] + "/", headers=headers, data=body)
    credentials = Credentials(key or SERVER["accessKeyID"], secret or SERVER["secretAccessKey"])
    SigV4Auth(credentials, "latchkey", SERVER["region"]).add_auth(request)
    return send("POST", "/", body, dict(request.headers))


def fault(answer):
    return json.loads(answer.content)["__type"]


def upgrade(path, **headers):
    """The status with which a WebSocket is answered."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection = connect()
    connection.request(
        "GET",
        path,
        headers={
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            **named,
        },
    )
    status = connection.getresponse().status
    connection.close()
    return status
