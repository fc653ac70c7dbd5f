# SPDX-License-Identifier: Apache-2.0
"""An SSH server that says goodbye instead of a key exchange."""

import ctypes
import sys

library = ctypes.CDLL("libssh.so.4")
library.ssh_new.restype = ctypes.c_void_p
session = ctypes.c_void_p(library.ssh_new())
HOST, PORT, USER = 0, 2, 4
for option, value in [(HOST, b"127.0.0.1"), (PORT, sys.argv[1].encode()), (USER, b"x")]:
    assert library.ssh_options_set(session, option, ctypes.c_char_p(value)) == 0
assert library.ssh_connect(session) == 0
# Without it, the goodbye is not sent.
library.ssh_userauth_none(session, None)
words = "\n" + "\n".join(sys.argv[2:]) + "\n"
assert library.ssh_session_set_disconnect_message(session, words.encode()) == 0
library.ssh_disconnect(session)
