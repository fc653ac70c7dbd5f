// SPDX-License-Identifier: Apache-2.0

// What private keys and a database of instances are made with.
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sqlite3.h>
