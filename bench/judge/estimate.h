/* SPDX-License-Identifier: MIT */
#ifndef BENCH_JUDGE_ESTIMATE_H
#define BENCH_JUDGE_ESTIMATE_H

#include <stddef.h>

/* What n trials say of one quantity. NAN stands for "cannot be said". */
struct estimate {
    size_t n;
    double mean;      /* geometric */
    double low, high; /* 95 % interval of the geometric mean; NAN under two values */
    double median;
};

/*
 * Geometric mean with its t interval: m and s being the mean and standard deviation of ln y,
 * exp(m +- t s / sqrt n), t the 97.5 % quantile of Student's t with n - 1 degrees of freedom.
 * One value a trial: requests inside a trial are correlated. (On logs because speeds and times are
 * positive, right-skewed and compared as ratios: Fleming and Wallace, "How not to lie with
 * statistics", CACM 29(3), 1986.) Values that are not positive make all of it NAN.
 */
struct estimate estimate_of(const double *values, size_t n);

#endif
