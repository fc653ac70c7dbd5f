// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>

// libFuzzer's own main function, under a name that does not collide with Swift's.
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*one)(const uint8_t *start, size_t count));
