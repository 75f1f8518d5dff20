/* SPDX-License-Identifier: MIT */
#include "bench/judge/selftest.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/judge/rank.h"
#include "bench/judge/summary.h"
#include "bench/base/text.h"

/* What the names promise: tests/selftest/misfit.c keeps it. */
const char selftest_controls[] = "spin-50,spin-100";
const char selftest_twin[] = "spin-50";
const char selftest_misfits[] = "hang,status-500,short-body,backlog-1";
const char selftest_stalling[] = "stall";
static const char quicker[] = "spin-50", slower[] = "spin-100";
static const double spin_us = 50;
enum { STALL_MS = 60, STALL_EVERY = 5000 };

static const double alpha = 0.05;          /* a contest's */
static const double false_alarm = 0.01;    /* of a whole A/A */
static const double rare = 0.001;          /* of the permuted labels of one pair */
static const double spin_tolerance = 0.05; /* of the difference */
static const double spin_coarsest = 0.10;  /* a wider interval would prove nothing */
static const double stall_slack = 0.10;    /* of the samples, and of their latency */
enum { METRICS_LIMIT = 8 };                /* in which there are contests */

static const struct refusal {
    const char *model, *expected;
    const char *reasons[2]; /* either must be part of it; NULL: none */
    bool overflows;         /* and the kernel must have counted it */
} refusals[] = {
    {"hang", "refused: clients that were never served", {"served ", NULL}, false},
    {"status-500", "refused: errors", {"errors: ", NULL}, false},
    {"short-body", "refused: bytes that are not whole answers", {" bytes are not ", NULL}, false},
    {"backlog-1",
     "refused: clients that never got in, overflows counted",
     {" of 64 connections", "accept queue overflowed"},
     true},
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

__attribute__((format(printf, 5, 6))) static void add(struct selftest *selftest, bool ok,
                                                      const char *check, const char *expected,
                                                      const char *format, ...)
{
    char observed[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(observed, sizeof observed, format, arguments);
    va_end(arguments);
    selftest->all = text_reallocate(selftest->all, selftest->count + 1, sizeof *selftest->all);
    selftest->all[selftest->count++] =
        (struct selftest_finding){text_copy(check), text_copy(expected), text_copy(observed), ok};
}

void selftest_fail(struct selftest *selftest, const char *check, const char *format, ...)
{
    char observed[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(observed, sizeof observed, format, arguments);
    va_end(arguments);
    add(selftest, false, check, "a measurement", "%s", observed);
}

/* ---- The ranking of a record ---- */

struct standing {
    struct summary summary;
    struct ranking ranking;
    const char **names;
};

static void stand(struct standing *standing, const struct record *record)
{
    const json_t *models = json_object_get(record->manifest, "models");
    size_t count = json_array_size(models);
    standing->names = text_allocate(count, sizeof *standing->names);
    for (size_t i = 0; i < count; i++)
        standing->names[i] = json_string_value(json_object_get(json_array_get(models, i), "name"));
    summary_build(&standing->summary, record->trials, record->histograms, record->count,
                  standing->names, count);
    rank_build(&standing->ranking, record, &standing->summary);
}

static void leave(struct standing *standing)
{
    rank_finish(&standing->ranking);
    summary_finish(&standing->summary);
    free(standing->names);
}

/* Says why when some model cannot be compared: then nothing can be judged. */
static bool is_whole(struct selftest *selftest, const struct standing *standing, const char *check)
{
    for (size_t i = 0; i < standing->summary.count; i++)
        if (!summary_is_valid(&standing->summary.cells[i])) {
            selftest_fail(selftest, check, "%s was refused: %s", standing->summary.cells[i].model,
                          standing->summary.cells[i].reason);
            return false;
        }
    if (standing->ranking.count == 0)
        selftest_fail(selftest, check, "no trial");
    return standing->ranking.count > 0;
}

static int64_t last_block(const struct record *record)
{
    int64_t last = 0;
    for (size_t i = 0; i < record->count; i++)
        last = record->trials[i].block > last ? record->trials[i].block : last;
    return last;
}

static bool is_spoilt_block(const struct record *record, int64_t block)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (trial->block == block && trial->spoilt == 1 && !trial->replaced)
            return true;
    }
    return false;
}

/* The blocks that the machine did not spoil for good: else other work on it would be taken for a
 * fault of the suite. The two arrays are the caller's to free, what they hold stays the record's.
 */
static struct record unspoilt(const struct record *record)
{
    struct record part = {
        .manifest = record->manifest,
        .trials = text_allocate(record->count, sizeof *part.trials),
        .histograms = text_allocate(record->count, sizeof *part.histograms),
    };
    for (size_t i = 0; i < record->count; i++) {
        if (is_spoilt_block(record, record->trials[i].block))
            continue;
        part.trials[part.count] = record->trials[i];
        part.histograms[part.count++] = record->histograms[i];
    }
    return part;
}

static void drop(struct record *part)
{
    free(part->histograms);
    free(part->trials);
}

/* ---- A/A ---- */

static void judge_twin(struct selftest *selftest, const struct contest *contest, double p)
{
    const struct pair *twins = &contest->twins;
    char *check = text_format("A/A, %s", metric_name(contest->metric));
    char *expected = text_format("%s and itself: p > %g, adjusted", contest->twin_of, false_alarm);
    add(selftest, p > false_alarm, check, expected,
        "ratio %.4f [%.4f, %.4f], %s, p %.3f; resolution +-%.1f %%", twins->ratio, twins->low,
        twins->high, pairs_verdict_name(twins->verdict), p, 100 * rank_resolution(contest));
    free(expected);
    free(check);
}

void selftest_judge_twins(struct selftest *selftest, const struct record *record)
{
    struct standing standing;
    const struct contest *contests[METRICS_LIMIT];
    double p[METRICS_LIMIT], adjusted[METRICS_LIMIT];
    size_t count = 0;
    struct record part = unspoilt(record);
    stand(&standing, &part);
    bool whole = is_whole(selftest, &standing, "A/A");
    for (size_t i = 0; whole && i < standing.ranking.count && count < METRICS_LIMIT; i++) {
        const struct contest *contest = &standing.ranking.contests[i];
        if (isnan(contest->twins.ratio) || contest->twins.verdict == VERDICT_PREVIEW)
            continue; /* a percentile with too few samples beyond it in most trials */
        p[count] = contest->twins.p;
        contests[count++] = contest;
    }
    pairs_holm(p, count, adjusted);
    for (size_t i = 0; i < count; i++)
        judge_twin(selftest, contests[i], adjusted[i]);
    if (whole && count == 0)
        selftest_fail(selftest, "A/A", "no twin, or too few blocks");
    leave(&standing);
    drop(&part);
}

/* ---- Labels permuted ---- */

/* The verdicts of one contest's two tests: a pair of models, a model and its twin. */
enum { TESTS = 2 };
struct tally {
    unsigned made, false_ones;
};

static void count_verdict(struct tally *tally, const struct pair *pair)
{
    if (pair->verdict == VERDICT_PREVIEW)
        return;
    tally->made++;
    tally->false_ones += pair->verdict == VERDICT_BETTER || pair->verdict == VERDICT_WORSE ||
                         pair->verdict == VERDICT_NEGLIGIBLE;
}

static void count_verdicts(struct tally tallies[METRICS_LIMIT][TESTS],
                           const struct ranking *ranking)
{
    for (size_t i = 0; i < ranking->count && i < METRICS_LIMIT; i++) {
        const struct contest *contest = &ranking->contests[i];
        if (contest->compared == 2)
            count_verdict(&tallies[i][0], &contest->pairs[0]);
        if (!isnan(contest->twins.ratio))
            count_verdict(&tallies[i][1], &contest->twins);
    }
}

static bool is_whole_block(const struct record *record, int64_t block)
{
    size_t valid = 0;
    for (size_t i = 0; i < record->count; i++)
        valid += record->trials[i].block == block && record->trials[i].valid == 1 ? 1 : 0;
    return valid == json_array_size(json_object_get(record->manifest, "models"));
}

/* What can be permuted: the blocks in which every model has a valid trial, and these trials. The
 * two arrays are the caller's to free, what they hold stays the record's. */
static struct record permutable(const struct record *record)
{
    struct record part = {
        .manifest = record->manifest,
        .trials = text_allocate(record->count, sizeof *part.trials),
        .histograms = text_allocate(record->count, sizeof *part.histograms),
    };
    for (size_t i = 0; i < record->count; i++) {
        if (record->trials[i].valid != 1 || !is_whole_block(record, record->trials[i].block))
            continue;
        part.trials[part.count] = record->trials[i];
        part.histograms[part.count++] = record->histograms[i];
    }
    return part;
}

/* Deals the names of one block's trials out anew. */
static void permute_block(struct trial *trials, size_t count, int64_t block, gsl_rng *generator)
{
    size_t *members = text_allocate(count, sizeof *members), n = 0;
    for (size_t i = 0; i < count; i++)
        if (trials[i].block == block)
            members[n++] = i;
    char(*names)[TRIAL_NAME_SIZE] = text_allocate(n, sizeof *names);
    for (size_t i = 0; i < n; i++)
        memcpy(names[i], trials[members[i]].model, sizeof *names);
    if (n > 0) /* with nothing to shuffle it aborts */
        gsl_ran_shuffle(generator, names, n, sizeof *names);
    for (size_t i = 0; i < n; i++)
        memcpy(trials[members[i]].model, names[i], sizeof *names);
    free(names);
    free(members);
}

static void permute(struct record *record, gsl_rng *generator)
{
    int64_t blocks = last_block(record);
    for (int64_t block = 1; block <= blocks; block++)
        permute_block(record->trials, record->count, block, generator);
}

static void tally_rounds(struct tally tallies[METRICS_LIMIT][TESTS], const struct record *record,
                         unsigned rounds)
{
    struct record shadow = permutable(record);
    const json_t *plan = json_object_get(record->manifest, "plan");
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(generator, (unsigned long)json_integer_value(json_object_get(plan, "seed")));
    for (unsigned round = 0; round < rounds; round++) {
        struct standing standing;
        permute(&shadow, generator);
        stand(&standing, &shadow);
        count_verdicts(tallies, &standing.ranking);
        leave(&standing);
    }
    drop(&shadow);
    gsl_rng_free(generator);
}

/* So many false verdicts of n are exceeded once in 1 000 times when their share is 5 %. */
static unsigned most_false(unsigned n)
{
    unsigned most = 0;
    while (gsl_cdf_binomial_Q(most, alpha, n) > rare)
        most++;
    return most;
}

static void judge_tallies(struct selftest *selftest, struct tally tallies[METRICS_LIMIT][TESTS],
                          unsigned rounds)
{
    unsigned kinds = 0, worst = 0, most = most_false(rounds);
    double total = 0, made = 0;
    for (size_t i = 0; i < METRICS_LIMIT; i++)
        for (size_t j = 0; j < TESTS; j++) {
            const struct tally *tally = &tallies[i][j];
            kinds += tally->made > 0;
            worst = tally->false_ones > worst ? tally->false_ones : worst;
            total += tally->false_ones;
            made += tally->made;
        }
    char *expected =
        text_format("at most %u differences in %u rounds (5 %% and chance)", most, rounds);
    if (kinds == 0)
        selftest_fail(selftest, "labels permuted",
                      "too few blocks without a refusal for any verdict");
    else
        add(selftest, worst <= most, "labels permuted", expected,
            "at most %u by one metric and pair; in all %.1f %% of %.0f verdicts", worst,
            100 * total / made, made);
    free(expected);
}

void selftest_judge_labels(struct selftest *selftest, const struct record *record, unsigned rounds)
{
    struct tally tallies[METRICS_LIMIT][TESTS] = {0};
    tally_rounds(tallies, record, rounds);
    judge_tallies(selftest, tallies, rounds);
}

/* ---- Spin ---- */

static const struct trial *valid_trial(const struct record *record, const char *model,
                                       int64_t block)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (trial->valid == 1 && trial->block == block && strcmp(trial->model, model) == 0)
            return trial;
    }
    return NULL;
}

/* The differences in CPU time per answer, one a block. Returns how many. */
static size_t spin_differences(const struct record *record, double *differences_us)
{
    static const struct histogram none = {0};
    size_t n = 0;
    for (int64_t block = 1; block <= last_block(record); block++) {
        const struct trial *a = valid_trial(record, quicker, block);
        const struct trial *b = valid_trial(record, slower, block);
        if (!a || !b)
            continue;
        differences_us[n] = metric_of(METRIC_CPU_US_PER_REQUEST, b, &none) -
                            metric_of(METRIC_CPU_US_PER_REQUEST, a, &none);
        n += isfinite(differences_us[n]) ? 1 : 0;
    }
    return n;
}

static void judge_spin_time(struct selftest *selftest, const struct record *record)
{
    static const char check[] = "spin, cpu_us_per_request";
    double *differences_us = text_allocate(record->count + 1, sizeof *differences_us);
    size_t n = spin_differences(record, differences_us);
    if (n < 2) {
        selftest_fail(selftest, check, "no two blocks with CPU times of both");
    } else {
        double mean_us = gsl_stats_mean(differences_us, 1, n);
        double reach_us = pairs_reach(gsl_stats_sd_m(differences_us, 1, n, mean_us), n, 1);
        double tolerance_us = spin_tolerance * spin_us;
        char *expected = text_format("%s less %s: %.0f us within the interval and %.1f us", slower,
                                     quicker, spin_us, tolerance_us);
        add(selftest,
            fabs(mean_us - spin_us) <= reach_us + tolerance_us &&
                reach_us <= spin_coarsest * spin_us,
            check, expected, "%.2f +- %.2f us, %zu blocks", mean_us, reach_us, n);
        free(expected);
    }
    free(differences_us);
}

static void judge_spin_verdict(struct selftest *selftest, const struct contest *contest)
{
    char *check = text_format("spin, %s", metric_name(contest->metric));
    char *expected = text_format("%s better than %s", quicker, slower);
    if (contest->compared != 2) {
        selftest_fail(selftest, check, "not measured in each trial of both");
    } else {
        const struct pair *pair =
            &contest->pairs[0]; /* the first is the one with the better mean */
        const char *first = contest->contestants[pair->a].cell->model;
        add(selftest, pair->verdict == VERDICT_BETTER && strcmp(first, quicker) == 0, check,
            expected, "%s is %s: ratio %.3f [%.3f, %.3f], p %.4f", first,
            pairs_verdict_name(pair->verdict), pair->ratio, pair->low, pair->high, pair->p);
    }
    free(expected);
    free(check);
}

void selftest_judge_spin(struct selftest *selftest, const struct record *record)
{
    struct standing standing;
    struct record part = unspoilt(record);
    stand(&standing, &part);
    bool whole = is_whole(selftest, &standing, "spin");
    if (whole)
        judge_spin_time(selftest, &part);
    for (size_t i = 0; whole && i < standing.ranking.count; i++)
        if (standing.ranking.contests[i].metric == METRIC_THROUGHPUT_RPS)
            judge_spin_verdict(selftest, &standing.ranking.contests[i]);
    leave(&standing);
    drop(&part);
}

/* ---- Stall ---- */

static uint64_t count_from(const struct histogram *histogram, double value)
{
    uint64_t count = 0;
    for (size_t i = 0; i < histogram->used; i++)
        if ((double)histogram->bins[i].value >= value)
            count += histogram->bins[i].count;
    return count;
}

/* A window begins anywhere between two stalls, and its last answers may be cut off. */
static void judge_raw_stall(struct selftest *selftest, const struct trial *trial, uint64_t seen)
{
    double stalls = floor((double)trial->requests / STALL_EVERY);
    double clients = (double)trial->connections;
    double least = (1 - stall_slack) * clients * stalls, most = clients * (stalls + 1);
    char *expected = text_format("%.0f to %.0f latencies of %d ms (%.0f stalls x %.0f clients)",
                                 least, most, STALL_MS, stalls, clients);
    add(selftest, stalls > 0 && (double)seen >= least && (double)seen <= most, "stall, raw",
        expected, "%" PRIu64 " of %" PRId64, seen, trial->latency_samples);
    free(expected);
}

/* By wrk's rule (histogram_uncorrect()) a latency n brings others with it, at n - E, n - 2 E, ...:
 * how many of these are `half_us` or more. */
static double count_made_up(const struct trial *trial, const struct histogram *raw_latency_ns,
                            double half_us)
{
    double made_up = 0, interval_us = (double)trial->duration_us * (double)trial->connections /
                                      (double)trial->requests;
    for (size_t i = 0; i < raw_latency_ns->used; i++) {
        double latency_us = (double)raw_latency_ns->bins[i].value / 1e3;
        if (latency_us > half_us)
            made_up +=
                (double)raw_latency_ns->bins[i].count * floor((latency_us - half_us) / interval_us);
    }
    return made_up;
}

static void judge_corrected_stall(struct selftest *selftest, const struct trial *trial,
                                  const struct histogram *raw_latency_ns,
                                  const struct histogram *corrected_us)
{
    double half_us = STALL_MS * 1e3 / 2;
    double raw = (double)count_from(raw_latency_ns, 1e3 * half_us);
    double seen = (double)count_from(corrected_us, half_us);
    double made_up = count_made_up(trial, raw_latency_ns, half_us);
    char *expected =
        text_format("some %.0f over %d ms, most of them made up", raw + made_up, STALL_MS / 2);
    add(selftest, made_up > raw && fabs(seen - raw - made_up) <= stall_slack * made_up,
        "stall, as wrk corrects it", expected, "%.0f, where %.0f were measured", seen, raw);
    free(expected);
}

void selftest_judge_stall(struct selftest *selftest, const struct trial *trial,
                          const struct histogram *raw_latency_ns,
                          const struct histogram *corrected_us)
{
    if (trial->valid != 1 || trial->requests <= 0) {
        selftest_fail(selftest, "stall", "%s was refused: %s", trial->model, trial->reason);
        return;
    }
    double near_ns = (1 - stall_slack) * STALL_MS * 1e6;
    judge_raw_stall(selftest, trial, count_from(raw_latency_ns, near_ns));
    judge_corrected_stall(selftest, trial, raw_latency_ns, corrected_us);
    /* In an open loop a stall must show in p99, at the length that the arrivals predict: to be
       judged here for a generator that makes one. */
}

/* ---- Refusals ---- */

static bool is_reason(const struct refusal *refusal, const struct trial *trial)
{
    if (trial->valid != 0 || trial->failure[0] || trial->spoilt == 1)
        return false;
    if (refusal->overflows && trial->listen_overflows <= 0)
        return false;
    for (size_t i = 0; i < sizeof refusal->reasons / sizeof *refusal->reasons; i++)
        if (refusal->reasons[i] && strstr(trial->reason, refusal->reasons[i]))
            return true;
    return false;
}

static void judge_refusal(struct selftest *selftest, const struct refusal *refusal,
                          const struct record *record)
{
    const struct trial *last = NULL;
    bool right = true;
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (strcmp(trial->model, refusal->model) != 0 || trial->replaced)
            continue;
        last = right ? trial : last; /* the first that is wrong is told */
        right = right && is_reason(refusal, trial);
    }
    if (!last)
        selftest_fail(selftest, refusal->model, "no trial");
    else if (last->valid == 1)
        add(selftest, false, refusal->model, refusal->expected, "it was let pass");
    else
        add(selftest, right, refusal->model, refusal->expected, "refused: %s", last->reason);
}

void selftest_judge_refusals(struct selftest *selftest, const struct record *record)
{
    for (size_t i = 0; i < REFUSALS; i++)
        judge_refusal(selftest, &refusals[i], record);
}

/* ---- All of them ---- */

bool selftest_is_ok(const struct selftest *selftest)
{
    bool ok = selftest->count > 0;
    for (size_t i = 0; i < selftest->count; i++)
        ok = ok && selftest->all[i].ok;
    return ok;
}

json_t *selftest_to_json(const struct selftest *selftest)
{
    json_t *checks = json_array();
    for (size_t i = 0; i < selftest->count; i++) {
        const struct selftest_finding *finding = &selftest->all[i];
        json_array_append_new(checks, json_pack("{s:s, s:b, s:s, s:s}", "check", finding->check,
                                                "ok", finding->ok, "expected", finding->expected,
                                                "observed", finding->observed));
    }
    return json_pack("{s:b, s:o}", "ok", selftest_is_ok(selftest), "checks", checks);
}

void selftest_finish(struct selftest *selftest)
{
    for (size_t i = 0; i < selftest->count; i++) {
        free(selftest->all[i].check);
        free(selftest->all[i].expected);
        free(selftest->all[i].observed);
    }
    free(selftest->all);
    *selftest = (struct selftest){0};
}
