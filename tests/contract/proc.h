/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_PROC_H
#define CONTRACT_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the kernel says in /proc about a process. All counts are 0 for one that has gone. */

/* Of the process and its children. */
unsigned proc_descriptors(pid_t pid);

/* The highest descriptor in use, or -1. */
int proc_highest_descriptor(pid_t pid);

unsigned proc_threads(pid_t pid);

/* Stores at most `size` children of `pid`, zombies included. Returns how many there are. */
size_t proc_children(pid_t pid, pid_t *children, size_t size);

/* Threads and children: what a model with one of either for each connection has more of. */
unsigned proc_tasks(pid_t pid);

/* Proportional anonymous memory of the process and its children, and their address space, in KiB.
 */
long proc_pss_kib(pid_t pid);
long proc_address_space_kib(pid_t pid);

/* CPU time of the process, its threads and its living children, in microseconds. */
long proc_cpu_us(pid_t pid);

/* How many bytes the owner of `local_port` has not yet read of what `peer_port` sent to it over
 * IPv4; -1 when there is no such connection. */
long proc_unread(unsigned local_port, unsigned peer_port);

/* How many IPv4 connections of `local_port` with these `count` peers over the loopback some process
 * still holds: neither those in the accept queue nor those that only the kernel is still ending. */
unsigned proc_held(unsigned local_port, const uint16_t *peer_ports, size_t count);

#endif
