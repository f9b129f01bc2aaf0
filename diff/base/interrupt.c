#include "interrupt.h"

#include "error.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static const int64_t SAME = 1000000000; /* nanoseconds in which two signals are one */

/* On signals' side: several may be handled at once, on several threads. */
static _Atomic int64_t first; /* when the first came; 0: none yet */
static void (*end_softly)(void);

static void on_signal(int number)
{
    (void)number;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    int64_t now = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    int64_t before = 0;
    if (atomic_compare_exchange_strong(&first, &before, now))
        end_softly();
    else if (now - before > SAME)
        _exit(ERR_INTERRUPTED);
}

void interrupt_install(void (*softly)(void))
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction before;
    end_softly = softly;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}
