/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_BYSTANDER_H
#define CONTRACT_BYSTANDER_H

#include <stdbool.h>

/* Another client, who has no part in what a case does to the server. While the case keeps the
 * server busy he must be served at once; by a model that serves one client at a time he must not
 * be, which is part of the contract, but as soon as it is free. HTTP only. */

/* He comes and asks. Checks that he is served or held up, as the model says. */
bool bystander_asks(void);

/* Called when the server is free again: a bystander who was held up must be served now. */
bool bystander_leaves(void);

/* A new client is served, now that nobody else is there. */
bool bystander_is_served(void);

#endif
