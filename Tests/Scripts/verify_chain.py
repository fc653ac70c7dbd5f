# SPDX-License-Identifier: Apache-2.0
"""Verifies a chain of certificates as OpenSSL does for a client."""

import ssl
import sys
from os.path import join

d = sys.argv[1]
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(join(d, "leaf.pem"), join(d, "leaf.key"))
for name in ["localhost", "127.0.0.1", "other"]:
    c = ssl.create_default_context(cafile=join(d, "root.pem"))
    c.verify_flags |= ssl.VERIFY_X509_STRICT
    a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = c.wrap_bio(a, b, server_hostname=name)
    server = s.wrap_bio(b, a, server_side=True)
    state = "open"
    for step in [client, server, client, server]:
        try:
            step.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLCertVerificationError:
            state = "refused"
            break
    print(name, state)
