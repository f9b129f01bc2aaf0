/*
 * Threads that are waited for only so long, and the end of a program that left some behind. Input:
 * threads that were started. Knows nothing of what they do.
 */
#ifndef TALLY_BASE_THREAD_H
#define TALLY_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* True: it has ended within the time, and is joined. False: it was left behind. */
bool thread_wait(pthread_t thread, int milliseconds);

/* Leaves it behind: it frees what it has when it ends, if the program lasts that long. */
void thread_leave(pthread_t thread);

/*
 * For the end of main(): returns the exit code. Where a thread was left behind, ends the process by
 * itself with that code, all of stdio written: exit() would take libraries down that the thread may
 * be using (OpenSSL's cleanup by atexit), which crashes.
 */
int thread_end_program(int exit_code);

#endif
