/*
 * How a person or a scheduler ends a program: the first SIGINT, SIGTERM or SIGHUP asks it to end
 * well, the next one ends it at once. Input: signals. Output: a call. Knows nothing of the work.
 */
#ifndef TALLY_BASE_INTERRUPT_H
#define TALLY_BASE_INTERRUPT_H

/*
 * From now on the first signal calls softly(), which runs in a signal handler and may only do what
 * signal-safety(7) allows. A later one ends the process with ERR_INTERRUPTED; one within a second
 * is taken for the same, since timeout(1) signals a process and then its group, and a service
 * manager or a closing terminal sends SIGTERM and SIGHUP together. An ignored SIGHUP (nohup) stays
 * ignored.
 */
void interrupt_install(void (*softly)(void));

#endif
