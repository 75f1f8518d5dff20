/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_ASKER_H
#define BENCH_LAB_ASKER_H

#include <stddef.h>
#include <stdint.h>

#include "bench/lab/experiment.h"

/* A client that asks far ahead, and later reads the answers and looks at every byte. Every answer
 * must be like the first one that the server gave, except in what stands behind "Date:". */

enum { ASKER_ANSWER_MOST = 1024 };

struct asker_sample {
    char bytes[ASKER_ANSWER_MOST];
    size_t length, date, date_end; /* bytes[date..date_end) may differ */
};

/* Asks once for it, by a connection of its own. Fails the experiment when there is no answer. */
void asker_take_sample(struct experiment *, uint16_t port, struct asker_sample *);

struct asker {
    int fd;
    char *requests; /* owned */
    size_t count, length, sent, received, wrong;
    const struct asker_sample *sample; /* borrowed */
};

/* Connects and sends so many client_request, or as many as the server takes, without reading;
 * returns when nothing has moved for a while. asker_finish() is due. */
void asker_start(struct experiment *, struct asker *, uint16_t port, const struct asker_sample *,
                 size_t requests);

/* Sends the rest and reads the answers, until nothing moves any more, and closes. Returns how many
 * bytes should have been received. */
size_t asker_finish(struct asker *);

#endif
