# SPDX-License-Identifier: Apache-2.0
"""Signs requests as botocore does."""

import datetime
import json
import sys
from urllib.parse import urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

now = datetime.datetime(2015, 8, 30, 12, 36)
botocore.auth.get_current_datetime = lambda *a, **k: now
result = []
for method, url, headers, body, token in json.load(sys.stdin):
    c = Credentials("AKIDEXAMPLE", "wJalr+Secret/KEY", token or None)
    s = getattr(botocore.auth, sys.argv[2])(c, sys.argv[1], "us-east-1")
    kept = []
    real = s.canonical_request
    s.canonical_request = lambda r, kept=kept, real=real: kept.append(real(r)) or kept[-1]
    r = AWSRequest(method=method, url=url, data=body.encode() or None)
    r.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    for line in headers.splitlines():
        name, value = line.split(":", 1)
        r.headers[name] = value
    r.headers["Host"] = urlsplit(url).netloc
    s.add_auth(r)
    u = urlsplit(r.url)
    result.append(
        {
            "method": method,
            "path": u.path,
            "query": u.query,
            "body": body,
            "headers": [[n, v] for n, v in r.headers.items()],
            "canonical": kept[0],
            "authorization": r.headers.get("Authorization", ""),
            "token": token or None,
        }
    )
print(json.dumps(result))
