# SPDX-License-Identifier: Apache-2.0
"""What those begin with that make key pairs."""

import base64  # noqa: F401 (for the scripts that begin with this)
import subprocess

from home import client

ec2 = client(service="ec2")


def run(*words, stdin=None):
    return subprocess.run(words, input=stdin, capture_output=True, check=True).stdout


def tags(kind, **values):
    return [{"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in values.items()]}]


def filters(**values):
    return [
        {"Name": k.replace("__", ":").replace("_", "-"), "Values": v if type(v) is list else [v]}
        for k, v in values.items()
    ]
