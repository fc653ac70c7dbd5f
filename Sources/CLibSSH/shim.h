// SPDX-License-Identifier: Apache-2.0
#include <libssh/libssh.h>
#include <libssh/callbacks.h>
// ssh_send_keepalive, which clients use too, is declared among the server's functions.
#include <libssh/server.h>
