/* SPDX-License-Identifier: MIT */
#include "bench/judge/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/base/text.h"

static const double upper_tail = 0.975; /* of a two-sided 95 % interval */

static double median_of(const double *values, size_t n)
{
    double *sorted = text_allocate(n, sizeof *sorted);
    memcpy(sorted, values, n * sizeof *sorted);
    gsl_sort(sorted, 1, n);
    double median = gsl_stats_median_from_sorted_data(sorted, 1, n);
    free(sorted);
    return median;
}

static void interval_on_logs(struct estimate *estimate, const double *logs, size_t n)
{
    double m = gsl_stats_mean(logs, 1, n);
    estimate->mean = exp(m);
    if (n < 2)
        return;
    double s = gsl_stats_sd_m(logs, 1, n, m);
    double reach = gsl_cdf_tdist_Pinv(upper_tail, (double)n - 1) * s / sqrt((double)n);
    estimate->low = exp(m - reach);
    estimate->high = exp(m + reach);
}

struct estimate estimate_of(const double *values, size_t n)
{
    struct estimate estimate = {n, NAN, NAN, NAN, NAN};
    if (n == 0)
        return estimate;
    double *logs = text_allocate(n, sizeof *logs);
    size_t positive = 0;
    for (size_t i = 0; i < n; i++)
        if (values[i] > 0) /* false for NAN as well */
            logs[positive++] = log(values[i]);
    if (positive == n) {
        estimate.median = median_of(values, n);
        interval_on_logs(&estimate, logs, n);
    }
    free(logs);
    return estimate;
}
