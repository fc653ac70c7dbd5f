# SPDX-License-Identifier: Apache-2.0
"""What a script begins with that is a client of a home."""

import json
import os
import sys  # noqa: F401 (for the scripts that begin with this)

import boto3
import botocore  # noqa: F401
from botocore.config import Config
from botocore.exceptions import ClientError

HOME = os.environ["LATCHKEY_HOME"]
SERVER = json.load(open(HOME + "/latchkeyd.json"))


def client(key=None, secret=None, token=None, service="ssm"):
    return boto3.client(
        service,
        endpoint_url=SERVER["endpoint"],
        region_name=SERVER["region"],
        verify=SERVER.get("authorities"),
        aws_access_key_id=key or SERVER["accessKeyID"],
        aws_secret_access_key=secret or SERVER["secretAccessKey"],
        aws_session_token=token,
        config=Config(retries={"max_attempts": 1}, read_timeout=100, connect_timeout=60),
    )


def code(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "accepted"
