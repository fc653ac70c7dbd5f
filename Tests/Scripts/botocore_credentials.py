# SPDX-License-Identifier: Apache-2.0
"""Tells the credentials that botocore finds."""

import json
import sys

import botocore.session

try:
    session = botocore.session.Session(profile=sys.argv[1] or None)
    found = session.get_credentials()
    frozen = found.get_frozen_credentials() if found else None
    print(
        json.dumps(
            {
                "key": frozen.access_key,
                "secret": frozen.secret_key,
                "token": frozen.token or None,
                "method": found.method,
            }
            if found
            else None
        )
    )
except Exception:
    print("null")
