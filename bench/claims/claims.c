/* SPDX-License-Identifier: MIT */
#include "bench/claims/claims.h"

const struct claim *const claims[] = {
#define CLAIM(id) &claim_##id,
#include "bench/claims/list.h"
#undef CLAIM
    NULL,
};
