# SPDX-License-Identifier: Apache-2.0
"""Looks for secrets in the memory of a process."""

import hashlib
import os
import re
import subprocess
import sys

kind, where, plain, key, passphrase, control = sys.argv[1:]
text = subprocess.run(
    ["openssl", "pkey", "-in", plain, "-noout", "-text"], capture_output=True, text=True, check=True
).stdout
patterns = {}
for name, digits in re.findall(r"(\w[\w ]*\d?):\n((?:\s+[0-9a-f:]+\n)+)", text):
    number = bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0")
    if name.startswith(("modulus", "pub")) or len(number) < 24:
        continue
    patterns[name], patterns[name + " reversed"] = number, number[::-1]
    if len(number) == 32:
        patterns["the expanded key"] = hashlib.sha512(number).digest()[:32]
numbers = {name: int.from_bytes(number, "big") for name, number in patterns.items() if "reversed" not in name}
if "prime1" in numbers:
    # From each of these and the public half the key follows.
    p, q = numbers["prime1"], numbers["prime2"]
    from math import gcd

    follow = {"p-1": p - 1, "q-1": q - 1, "phi": (p - 1) * (q - 1), "lambda": (p - 1) * (q - 1) // gcd(p - 1, q - 1)}
    for name, number in follow.items():
        patterns[name] = number.to_bytes((number.bit_length() + 7) // 8, "big")
        patterns[name + " reversed"] = patterns[name][::-1]
lines = [line for line in open(key).read().split("\n") if len(line) > 40 and "-" not in line and ":" not in line]
for number, line in enumerate(lines[len(lines) // 2 :]):
    patterns["line %d of the file" % number] = line.encode()
patterns["the passphrase"] = passphrase.encode()
assert len(patterns) >= 4, text
patterns["control"] = control.encode()
found = set()


def look(data, place):
    for name, pattern in patterns.items():
        if pattern in data:
            found.add((name, place if name != "control" else ""))


if kind == "process":
    for line in open("/proc/%s/maps" % where):
        fields = line.split()
        start, end = (int(part, 16) for part in fields[0].split("-"))
        if "r" not in fields[1] or fields[-1] in ("[vvar]", "[vsyscall]"):
            continue
        try:
            with open("/proc/%s/mem" % where, "rb") as memory:
                memory.seek(start)
                look(memory.read(end - start), fields[-1])
        except OSError:
            pass
    look(open("/proc/%s/cmdline" % where, "rb").read(), "its arguments")
    look(open("/proc/%s/environ" % where, "rb").read(), "its environment")
else:
    for folder, _, files in os.walk(where):
        for file in files:
            path = os.path.join(folder, file)
            if path not in (plain, key) and os.path.isfile(path):
                look(open(path, "rb").read(), path)
print("\n".join("%s %s" % pair for pair in sorted(found)))
