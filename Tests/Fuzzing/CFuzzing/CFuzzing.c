// SPDX-License-Identifier: Apache-2.0
#include "CFuzzing.h"

// The library links against this one and calls ours instead.
int LLVMFuzzerTestOneInput(const uint8_t *start, size_t count) { return 0; }
