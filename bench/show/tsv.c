/* SPDX-License-Identifier: MIT */
#include "bench/show/tsv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/say.h"
#include "bench/base/text.h"

FILE *tsv_open(const char *folder, const char *name)
{
    char *path = text_format("%s/charts/data/%s", folder, name);
    FILE *table = fopen(path, "we");
    if (!table)
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    free(path);
    return table;
}

void tsv_close(FILE *table)
{
    if (ferror(table) | fclose(table))
        say_and_exit("cannot write the charts' tables: %s", strerror(errno));
}

void tsv_number(FILE *table, double number)
{
    if (isnan(number))
        fputs("\tNaN", table);
    else
        fprintf(table, "\t%.6g", number);
}
