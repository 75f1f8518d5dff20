/* SPDX-License-Identifier: MIT */
#include "bench/claims/claims.h"

const struct claim *const claims[] = {
#define CLAIM(id) &claim_##id,
#include "bench/claims/list.h"
#undef CLAIM
    NULL,
    &claim_a1, &claim_a2, &claim_a3, &claim_a4, &claim_a6, &claim_a7, &claim_b1, NULL,
};
