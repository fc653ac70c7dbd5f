# SPDX-License-Identifier: Apache-2.0
"""Tells what botocore reads in INI files."""

import json
import sys

import botocore.configloader as c
import botocore.exceptions as e

out = []
for path in sys.argv[1:]:
    try:
        out.append(c.raw_config_parse(path))
    except e.ConfigParseError:
        out.append(None)
print(json.dumps(out))
