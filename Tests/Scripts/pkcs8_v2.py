# SPDX-License-Identifier: Apache-2.0
"""Makes a private key in the second version of PKCS 8."""

import base64
import hashlib
import subprocess
import sys

kind, path, encrypted = sys.argv[1], sys.argv[2], sys.argv[3] == "true"
make = {
    "ed25519": ["-algorithm", "ed25519"],
    "rsa:2048": ["-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ec": ["-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
}[kind]
key = subprocess.run(["openssl", "genpkey", *make], capture_output=True, check=True).stdout
der = subprocess.run(
    ["openssl", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER"], input=key, capture_output=True, check=True
).stdout
public = subprocess.run(["openssl", "pkey", "-pubout"], input=key, capture_output=True, check=True).stdout
open(path + ".pem", "wb").write(public)


def length(n):
    return bytes([n]) if n < 128 else (lambda b: bytes([128 | len(b)]) + b)(n.to_bytes(2, "big").lstrip(b"\0"))


start = 2 + (der[1] & 127 if der[1] > 127 else 0)
body = der[start:]
assert body[:3] == b"\x02\x01\x00"
bits = b"\x00" + b"public half, of any form"
second = b"\x02\x01\x01" + body[3:] + b"\x81" + length(len(bits)) + bits
second = b"\x30" + length(len(second)) + second
label = "PRIVATE KEY"
if encrypted:
    # PBES2 with PBKDF2 of HMAC-SHA-256 and AES-128-CBC (RFC 8018 A.4).
    salt, iv = b"saltsalt", b"0123456789abcdef"
    key = hashlib.pbkdf2_hmac("sha256", b"correct horse", salt, 2048, 16)
    content = subprocess.run(
        ["openssl", "enc", "-aes-128-cbc", "-K", key.hex(), "-iv", iv.hex()],
        input=second,
        capture_output=True,
        check=True,
    ).stdout

    def seq(*parts):
        return b"\x30" + length(len(b"".join(parts))) + b"".join(parts)

    def oid(text):
        return bytes.fromhex(text)

    prf = seq(oid("06082a864886f70d0209"), b"\x05\x00")
    kdf = seq(oid("06092a864886f70d01050c"), seq(b"\x04\x08" + salt, b"\x02\x02\x08\x00", prf))
    cipher = seq(oid("060960864801650304 0102".replace(" ", "")), b"\x04\x10" + iv)
    second = seq(seq(oid("06092a864886f70d01050d"), seq(kdf, cipher)), b"\x04" + length(len(content)) + content)
    label = "ENCRYPTED PRIVATE KEY"
text = base64.encodebytes(second).decode()
os_mode = __import__("os").open(path, 0o101, 0o600)
__import__("os").write(os_mode, f"-----BEGIN {label}-----\n{text}-----END {label}-----\n".encode())
