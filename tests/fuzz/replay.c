/* SPDX-License-Identifier: MIT */
/* Plays a folder of inputs to a fuzz target: any compiler does, and what broke once stays tested.
 */
#include "tests/fuzz/target.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUT_MOST = 1 << 20 };

static void replay(const char *folder, const char *name)
{
    static uint8_t bytes[INPUT_MOST];
    char path[4096];
    size_t len;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    fprintf(stderr, "%s: %zu bytes\n", name, len);
    LLVMFuzzerTestOneInput(bytes, len);
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    int count, played = 0;

    assert(argc == 2);
    count = scandir(argv[1], &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            replay(argv[1], entries[i]->d_name);
            played++;
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    printf("%d inputs\n", played);
    return played > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
