/* SPDX-License-Identifier: MIT */
#include "bench/claims/claims.h"

const struct claim *const claims[] = {
    &claim_b1,
    NULL,
};
