// SPDX-License-Identifier: Apache-2.0

// What the C library has beyond the standard's malloc; Swift's Glibc leaves it out.
#include <malloc.h>
