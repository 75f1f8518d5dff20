/* SPDX-License-Identifier: MIT */
#ifndef BENCH_VERBS_H
#define BENCH_VERBS_H

/* The verbs of the command line. argv[0] is the verb; each returns the exit status. */
int list_verb(int argc, char **argv);
int run_verb(int argc, char **argv);
int report_verb(int argc, char **argv);
int compare_verb(int argc, char **argv);
int doctor_verb(int argc, char **argv);
int selftest_verb(int argc, char **argv);
int claims_verb(int argc, char **argv);

enum {
    EXIT_INTERRUPTED = 130, /* what a shell reports for Ctrl-C */
    EXIT_USAGE = 64
};

#endif
