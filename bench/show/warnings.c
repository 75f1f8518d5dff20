/* SPDX-License-Identifier: MIT */
#include "bench/show/warnings.h"

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/judge/drift.h"
#include "bench/record/gate.h"
#include "bench/machine/cpus.h"
#include "bench/show/level.h"
#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/record/workload.h"

static const double steal_share = 0.01; /* one trial's: the gate's limit */
static const int64_t tick_us = 10000;   /* what /proc/stat counts in */
static const double steal_in_all = 0.001;
static const double harness_share = 0.01;
static const double coarse_resolution = 0.02; /* twice the least difference that matters */
static const double wide_interval = 0.10;

struct evidence {
    const struct record *record;
    const struct summary *summary;
    const struct ranking *ranking;
};

static const json_t *fact(const struct evidence *evidence, const char *group, const char *name)
{
    return json_object_get(json_object_get(evidence->record->manifest, group), name);
}

static const char *fact_text(const struct evidence *evidence, const char *group, const char *name)
{
    const char *text = json_string_value(fact(evidence, group, name));
    return text && *text ? text : NULL;
}

/* A string that is written like a file; close_text() gives it to the caller. */
struct text_file {
    char *text;
    size_t size;
    FILE *file;
};

static void open_text(struct text_file *out)
{
    out->file = open_memstream(&out->text, &out->size);
    if (!out->file)
        say_and_exit("out of memory");
}

static char *close_text(struct text_file *out)
{
    if (fclose(out->file))
        say_and_exit("out of memory");
    return out->text;
}

/* What is asked of a cell. */
typedef bool cell_test(const struct evidence *, const struct summary_cell *);

static bool is_hollow(const struct evidence *evidence, const struct summary_cell *cell)
{
    (void)evidence;
    return !summary_is_valid(cell);
}

static bool is_generator_bound(const struct evidence *evidence, const struct summary_cell *cell)
{
    (void)evidence;
    return summary_is_valid(cell) && strcmp(summary_limited_by(cell), "generator") == 0;
}

static enum workload workload_of(const struct summary_cell *cell)
{
    return workload_find(cell->workload);
}

/* Its latencies are there to be compared. */
static bool is_timed(const struct summary_cell *cell)
{
    enum workload workload = workload_of(cell);
    return workload != WORKLOAD_MEMORY && workload != WORKLOAD_SYSCALLS &&
           workload != WORKLOAD_CAPACITY;
}

/* How many answers there are per second was chosen, not found. */
static bool has_given_rate(const struct summary_cell *cell)
{
    enum workload workload = workload_of(cell);
    return workload == WORKLOAD_MEMORY ||
           (workload < WORKLOAD_COUNT && workload_facts(workload)->open_loop);
}

static bool lacks_percentile(const struct evidence *evidence, const struct summary_cell *cell)
{
    (void)evidence;
    return is_timed(cell) && summary_is_valid(cell) &&
           isnan(cell->metrics[METRIC_LATENCY_P99_US].mean) &&
           !isnan(cell->metrics[METRIC_THROUGHPUT_RPS].mean);
}

static bool has_wide_interval(const struct evidence *evidence, const struct summary_cell *cell)
{
    (void)evidence;
    const struct estimate *estimate = &cell->metrics[METRIC_THROUGHPUT_RPS];
    return !has_given_rate(cell) && summary_is_valid(cell) &&
           estimate->high > (1 + wide_interval) * estimate->mean;
}

static bool is_of(const struct trial *trial, const struct summary_cell *cell)
{
    return !trial->replaced && trial->level == cell->level &&
           strcmp(trial->workload, cell->workload) == 0 && strcmp(trial->model, cell->model) == 0;
}

/* More was due than answered, in some trial. */
static bool is_overloaded(const struct evidence *evidence, const struct summary_cell *cell)
{
    const struct record *record = evidence->record;
    for (size_t i = 0; is_timed(cell) && i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (is_of(trial, cell) && trial->offered > 0 && trial->answered_of_offered >= 0 &&
            !gate_kept_up(trial))
            return true;
    }
    return false;
}

static size_t count_cells(const struct evidence *evidence, cell_test *test)
{
    size_t count = 0;
    for (size_t i = 0; i < evidence->summary->count; i++)
        count += test(evidence, &evidence->summary->cells[i]);
    return count;
}

/* "fork, keep-alive at 256, 1000; thread, keep-alive at 1000". */
static char *name_cells(const struct evidence *evidence, cell_test *test)
{
    struct text_file out;
    const struct summary_cell *last = NULL;
    open_text(&out);
    for (size_t i = 0; i < evidence->summary->count; i++) {
        const struct summary_cell *cell = &evidence->summary->cells[i];
        if (!test(evidence, cell))
            continue;
        char *level = level_of_cell(cell);
        if (last && strcmp(cell->model, last->model) == 0 &&
            strcmp(cell->workload, last->workload) == 0)
            fprintf(out.file, ", %s", level);
        else
            fprintf(out.file, "%s%s, %s %s %s", last ? "; " : "", cell->model, cell->workload,
                    level_word(cell->workload), level);
        free(level);
        last = cell;
    }
    return close_text(&out);
}

static bool is_first_at(const struct summary *summary, size_t index, bool level_too)
{
    const struct summary_cell *cell = &summary->cells[index];
    for (size_t i = 0; i < index; i++)
        if (strcmp(summary->cells[i].workload, cell->workload) == 0 &&
            (!level_too || summary->cells[i].level == cell->level))
            return false;
    return true;
}

static size_t count_at(const struct evidence *evidence, const struct summary_cell *place,
                       cell_test *test)
{
    const struct summary *summary = evidence->summary;
    size_t count = 0;
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        count += cell->level == place->level && strcmp(cell->workload, place->workload) == 0 &&
                 test(evidence, cell);
    }
    return count;
}

/* "keep-alive at 64, 256; churn at 8", whatever the models. */
static char *name_levels(const struct evidence *evidence, cell_test *test)
{
    const struct summary *summary = evidence->summary;
    struct text_file out;
    bool any = false;
    open_text(&out);
    for (size_t i = 0; i < summary->count; i++) {
        const char *workload = summary->cells[i].workload;
        bool here = false;
        for (size_t j = i; is_first_at(summary, i, false) && j < summary->count; j++) {
            const struct summary_cell *cell = &summary->cells[j];
            if (strcmp(cell->workload, workload) != 0 || !is_first_at(summary, j, true) ||
                count_at(evidence, cell, test) == 0)
                continue;
            char *level = level_name(workload, cell->level);
            if (here)
                fprintf(out.file, ", %s", level);
            else
                fprintf(out.file, "%s%s %s %s", any ? "; " : "", workload, level_word(workload),
                        level);
            free(level);
            here = any = true;
        }
    }
    return close_text(&out);
}

/* "SENTENCE N of M cells (WHERE)", or NULL without any. */
static char *tell_cells(const struct evidence *evidence, cell_test *test, const char *sentence,
                        char *(*where)(const struct evidence *, cell_test *))
{
    size_t count = count_cells(evidence, test);
    if (count == 0)
        return NULL;
    char *names = where(evidence, test);
    char *text =
        text_format("%s %zu of %zu cells: %s", sentence, count, evidence->summary->count, names);
    free(names);
    return text;
}

static char *find_preview(const struct evidence *evidence)
{
    size_t fewest = SIZE_MAX, needed = 0, ranked = 0, previews = 0;
    for (size_t i = 0; i < evidence->ranking->count; i++) {
        const struct contest *contest = &evidence->ranking->contests[i];
        ranked += rank_is_ranked(contest);
        if (contest->compared < 2 || rank_is_ranked(contest))
            continue;
        previews++;
        fewest = contest->blocks < fewest ? contest->blocks : fewest;
        needed = contest->blocks_needed > needed ? contest->blocks_needed : needed;
    }
    if (ranked > 0 && previews > 0)
        return text_format("%zu of %zu contests are not ranked: %zu whole blocks, %zu needed",
                           previews, ranked + previews, fewest, needed);
    return needed ? text_format("preview, not ranked: %zu block%s, a ranking needs %zu", fewest,
                                fewest == 1 ? "" : "s", needed)
                  : NULL;
}

static char *find_cut_short(const struct evidence *evidence)
{
    size_t planned = json_array_size(fact(evidence, "plan", "order")), made = 0;
    const size_t blocks = (size_t)json_integer_value(fact(evidence, "plan", "blocks"));
    const struct summary *summary = evidence->summary;
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (cell->given_up && cell->made < blocks)
            planned -= blocks - cell->made;
    }
    for (size_t i = 0; i < evidence->record->count; i++)
        made += !evidence->record->trials[i].replaced;
    return made < planned
               ? text_format("the run was cut short: %zu of %zu trials were made", made, planned)
               : NULL;
}

static char *find_hollow(const struct evidence *evidence)
{
    return tell_cells(evidence, is_hollow, "not to be compared are", name_cells);
}

static char *find_spoilt(const struct evidence *evidence)
{
    size_t spoilt = 0, replaced = 0;
    for (size_t i = 0; i < evidence->record->count; i++) {
        spoilt += evidence->record->trials[i].spoilt == 1;
        replaced += evidence->record->trials[i].replaced;
    }
    return spoilt ? text_format("the machine spoilt %zu trial%s; %zu of them %s measured again",
                                spoilt, spoilt == 1 ? "" : "s", replaced,
                                replaced == 1 ? "was" : "were")
                  : NULL;
}

static char *find_generator_bound(const struct evidence *evidence)
{
    return tell_cells(evidence, is_generator_bound, "the generator set the speed in", name_levels);
}

static char *find_overload(const struct evidence *evidence)
{
    return tell_cells(evidence, is_overloaded, "more was asked than answered in", name_cells);
}

static char *find_late_generator(const struct evidence *evidence)
{
    const struct record *record = evidence->record;
    size_t late = 0, open_loop = 0;
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        double lateness = gate_lateness(trial);
        if (trial->replaced || isnan(lateness))
            continue;
        open_loop++;
        late += lateness > GATE_LATENESS_MOST;
    }
    return late ? text_format("the generator itself was late in %zu of %zu trials in open loop",
                              late, open_loop)
                : NULL;
}

static char *find_shared_cpus(const struct evidence *evidence)
{
    const char *server = fact_text(evidence, "plan", "server_cpus");
    const char *load = fact_text(evidence, "plan", "load_cpus");
    for (int cpu = 0; server && load && cpu < CPU_SETSIZE; cpu++)
        if (cpus_has(server, cpu) && cpus_has(load, cpu))
            return text_format("server and load shared CPU %d", cpu);
    const struct record *record = evidence->record;
    for (size_t i = 0; i < record->count; i++)
        if (record->trials[i].shared_cpus > 0 && !record->trials[i].replaced)
            return text_format("server and load shared CPUs under %s, the same at each level",
                               record->trials[i].workload);
    return NULL;
}

static char *find_unpinned(const struct evidence *evidence)
{
    const struct record *record = evidence->record;
    size_t strayed = 0, unknown = 0;
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (trial->failure[0] || trial->replaced)
            continue;
        strayed += trial->pinned == 0;
        unknown += trial->pinned == TRIAL_UNKNOWN;
    }
    if (strayed)
        return text_format("in %zu trial%s a task could leave its CPUs", strayed,
                           strayed == 1 ? "" : "s");
    return unknown ? text_format("in %zu of %zu trials nobody looked whether tasks stay on their "
                                 "CPUs",
                                 unknown, record->count)
                   : NULL;
}

static char *find_build(const struct evidence *evidence)
{
    const char *sanitizer = fact_text(evidence, "build", "sanitizer");
    const char *optimization = fact_text(evidence, "build", "optimization");
    if (sanitizer && strcmp(sanitizer, "none") != 0)
        return text_format("the servers were built with a sanitizer (%s)", sanitizer);
    return optimization && strchr("01g", *optimization)
               ? text_format("the servers were built with optimisation %s", optimization)
               : NULL;
}

static char *find_revision(const struct evidence *evidence)
{
    if (!fact_text(evidence, "source", "git_revision"))
        return text_copy("the record does not name the source's revision");
    return json_is_true(fact(evidence, "source", "git_dirty"))
               ? text_copy("the source had changes that its revision does not hold")
               : NULL;
}

static char *find_no_group(const struct evidence *evidence)
{
    return json_is_false(json_object_get(evidence->record->manifest, "cgroup_per_trial"))
               ? text_copy("no control group per trial: CPU time was read from /proc")
               : NULL;
}

static char *find_no_namespace(const struct evidence *evidence)
{
    return json_is_false(json_object_get(evidence->record->manifest, "namespace_per_trial"))
               ? text_copy("no network namespace per trial: all shared the host's")
               : NULL;
}

/* What all CPUs had in the window; older records leave it to be computed. */
static double window_cpu_us(const struct evidence *evidence, const struct trial *trial)
{
    double cpus = (double)json_integer_value(fact(evidence, "machine", "cpus"));
    return trial->window_machine_total_us > 0 ? (double)trial->window_machine_total_us
                                              : cpus * (double)trial->window_wall_us;
}

static char *find_steal(const struct evidence *evidence)
{
    const struct record *record = evidence->record;
    double stolen_us = 0, total_us = 0;
    size_t trials = 0;
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        double window_us = window_cpu_us(evidence, trial);
        if (trial->replaced || trial->window_machine_steal_us < 0 || window_us <= 0)
            continue;
        stolen_us += (double)trial->window_machine_steal_us;
        total_us += window_us;
        trials += trial->window_machine_steal_us > tick_us &&
                  (double)trial->window_machine_steal_us > steal_share * window_us;
    }
    if (trials == 0 && stolen_us <= steal_in_all * total_us)
        return NULL;
    return text_format("the host took %.2f %% of the CPU time (steal), more than %.0f %% in "
                       "%zu trial%s",
                       100 * stolen_us / total_us, 100 * steal_share, trials,
                       trials == 1 ? "" : "s");
}

static char *find_harness(const struct evidence *evidence)
{
    const struct record *record = evidence->record;
    double *shares = text_allocate(record->count, sizeof *shares);
    size_t known = 0;
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (!trial->replaced && trial->steady_harness_cpu_us >= 0 && trial->steady_wall_us > 0)
            shares[known++] = (double)trial->steady_harness_cpu_us / (double)trial->steady_wall_us;
    }
    gsl_sort(shares, 1, known);
    char *text = NULL;
    if (known && shares[known - 1] > harness_share)
        text = text_format("the harness took up to %.1f %% of a CPU while it measured (median "
                           "%.2f %%)",
                           100 * shares[known - 1],
                           100 * gsl_stats_median_from_sorted_data(shares, 1, known));
    free(shares);
    return text;
}

/* The coarsest resolution of that metric, a share: what differs by less matters to nobody. */
static double resolution_of(const struct ranking *ranking, enum metric metric)
{
    double coarsest = 0;
    for (size_t i = 0; i < ranking->count; i++)
        if (ranking->contests[i].metric == metric)
            coarsest = fmax(coarsest, ranking->contests[i].threshold);
    return coarsest;
}

/* Only what is a drift (its interval leaves 0 out) and shows beside what is compared. */
static char *find_drift(const struct evidence *evidence)
{
    static const enum metric metrics[] = {METRIC_THROUGHPUT_RPS, METRIC_CPU_US_PER_REQUEST};
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        struct drift drift = drift_of(evidence->record, metrics[i]);
        double resolution = resolution_of(evidence->ranking, metrics[i]);
        bool real = drift.low > 1 || drift.high < 1;
        if (real && fabs(log(drift.ratio)) > log1p(resolution))
            return text_format("the machine drifted: %s of %s changed by %+.1f %% from start to "
                               "end",
                               metric_name(metrics[i]), drift.sentinel, 100 * (drift.ratio - 1));
    }
    return NULL;
}

static char *find_coarse_resolution(const struct evidence *evidence)
{
    const struct contest *worst = NULL;
    size_t coarse = 0, all = 0;
    for (size_t i = 0; i < evidence->ranking->count; i++) {
        const struct contest *contest = &evidence->ranking->contests[i];
        double resolution = rank_resolution(contest);
        all += (size_t)(isnan(resolution) ? 0 : 1);
        coarse += resolution > coarse_resolution;
        if (resolution > coarse_resolution && (!worst || resolution > rank_resolution(worst)))
            worst = contest;
    }
    return worst ? text_format("in %zu of %zu contests a model differs from itself by over "
                               "%.0f %%; most in %s of %s at %" PRId64 ": %.1f %%",
                               coarse, all, 100 * coarse_resolution, metric_name(worst->metric),
                               worst->workload, worst->level, 100 * rank_resolution(worst))
                 : NULL;
}

static char *find_few_samples(const struct evidence *evidence)
{
    return tell_cells(evidence, lacks_percentile, "too few answers for a 99th percentile in",
                      name_levels);
}

static char *find_governor(const struct evidence *evidence)
{
    const char *governor = fact_text(evidence, "machine", "governor");
    return governor && strcmp(governor, "performance") != 0
               ? text_format("the CPU's frequency governor was %s", governor)
               : NULL;
}

static char *find_wide_intervals(const struct evidence *evidence)
{
    return tell_cells(evidence, has_wide_interval, "throughput is uncertain by over 10 % in",
                      name_levels);
}

static const struct rule {
    const char *name;
    char *(*find)(const struct evidence *); /* NULL: all is well */
    const char *advice;
} rules[WARNING_COUNT] = {
    [WARNING_PREVIEW] = {"preview", find_preview,
                         "Measure with more blocks (--blocks), or fewer models, before anybody is "
                         "called faster."},
    [WARNING_CUT_SHORT] = {"cut-short", find_cut_short,
                           "c10kit run --resume goes on where it stopped."},
    [WARNING_HOLLOW] = {"hollow-cells", find_hollow,
                        "Leave them out of every comparison; the cell's reason says what was "
                        "wrong."},
    [WARNING_SPOILT] = {"spoilt-trials", find_spoilt,
                        "Their figures do not count where they were measured again. Many of them "
                        "mean that the machine has other work: see c10kit doctor."},
    [WARNING_GENERATOR_BOUND] = {"generator-bound", find_generator_bound,
                                 "Read throughput there as \"at least so much\" and compare CPU "
                                 "time per answer."},
    [WARNING_OVERLOAD] = {"overload", find_overload,
                          "There the queue grows as long as the window lasts: read the response "
                          "times as \"past the knee\", not as values."},
    [WARNING_LATE_GENERATOR] = {"late-generator", find_late_generator,
                                "Part of the response times there is its own, so these trials are "
                                "not compared. Give it a CPU of its own (--load-cpus), on a quiet "
                                "machine."},
    [WARNING_SHARED_CPUS] = {"shared-cpus", find_shared_cpus,
                             "Give each CPUs of its own (--server-cpus, --load-cpus): now each "
                             "slows the other."},
    [WARNING_UNPINNED] = {"unpinned", find_unpinned,
                          "A task that moves between CPUs makes figures noisier; measure again "
                          "when a difference is small."},
    [WARNING_BUILD] = {"build", find_build,
                       "Nobody runs such servers: configure with the defaults (meson setup build) "
                       "and measure again."},
    [WARNING_REVISION] = {"revision", find_revision,
                          "Commit first; otherwise nobody can build again what was measured."},
    [WARNING_NO_GROUP] = {"no-control-group", find_no_group,
                          "It misses processes shorter than a tick, as those of fork under churn. "
                          "Run as root, or in a systemd scope with Delegate=yes."},
    [WARNING_NO_NAMESPACE] = {"no-namespace", find_no_namespace,
                              "Sockets in TIME_WAIT and counters pass from one trial to the next. "
                              "Run as root."},
    [WARNING_STEAL] = {"steal", find_steal,
                       "Other guests slow this one down. Prefer a quiet host; CPU time per answer "
                       "suffers less than throughput."},
    [WARNING_HARNESS] = {"harness", find_harness,
                         "That time was the generator's loss where both shared a CPU. Look for "
                         "many processes in a cell, or a slow machine."},
    [WARNING_DRIFT] = {"drift", find_drift,
                       "Pairs are compared inside blocks and stay fair; means over the run do "
                       "not. Let the machine settle and measure again."},
    [WARNING_COARSE_RESOLUTION] = {"coarse-resolution", find_coarse_resolution,
                                   "Differences below that are not told apart in this run. More "
                                   "blocks, longer windows or a quieter machine resolve more."},
    [WARNING_FEW_SAMPLES] = {"few-samples", find_few_samples,
                             "A percentile needs 100 answers beyond it, 10 000 a trial: lengthen "
                             "the window (--time)."},
    [WARNING_GOVERNOR] = {"governor", find_governor,
                          "cpupower frequency-set -g performance; in a virtual machine, on its "
                          "host."},
    [WARNING_WIDE_INTERVALS] = {"wide-intervals", find_wide_intervals,
                                "More blocks (--blocks) and longer windows (--time) narrow them."},
};

const char *warning_name(enum warning_kind kind)
{
    return rules[kind].name;
}

void warnings_find(struct warnings *warnings, const struct record *record,
                   const struct summary *summary, const struct ranking *ranking)
{
    struct evidence evidence = {record, summary, ranking};
    warnings->count = 0;
    for (int kind = 0; kind < WARNING_COUNT; kind++) {
        char *text = rules[kind].find(&evidence);
        if (text)
            warnings->all[warnings->count++] =
                (struct warning){(enum warning_kind)kind, text, rules[kind].advice};
    }
}

void warnings_finish(struct warnings *warnings)
{
    for (size_t i = 0; i < warnings->count; i++)
        free(warnings->all[i].text);
    warnings->count = 0;
}

void warnings_print(const struct warnings *warnings, FILE *out)
{
    for (size_t i = 0; i < warnings->count; i++)
        fprintf(out, "warning: %s\n", warnings->all[i].text);
}
