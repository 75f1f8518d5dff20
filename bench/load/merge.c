/* SPDX-License-Identifier: MIT */
#include "bench/load/merge.h"

#include <errno.h>
#include <string.h>

#include "bench/record/histogram.h"
#include "bench/load/complain.h"

void merge_files(char **paths, int count)
{
    struct histogram sum = {0};
    for (int i = 0; i < count; i++) {
        struct histogram one = {0};
        errno = 0;
        if (!histogram_read(&one, paths[i]))
            complain_and_exit("cannot read %s: %s", paths[i],
                              errno ? strerror(errno) : "it is no latency_ns,count table");
        histogram_merge(&sum, &one);
        histogram_finish(&one);
    }
    if (!histogram_write(&sum, "/dev/stdout", 1))
        complain_and_exit("cannot write to standard output: %s", strerror(errno));
    histogram_finish(&sum);
}
