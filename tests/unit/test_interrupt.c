/* The first signal asks, its echo is not heard, and a later one ends the program. */
#include "../../diff/base/interrupt.h"

#include "../../diff/base/error.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static volatile sig_atomic_t asked;

static void ask(void)
{
    asked++;
}

/* Returns how a process ends that does this. */
static int status_of(void (*work)(void))
{
    int status = -1;
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        work();
        _exit(asked);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void echoed(void)
{
    interrupt_install(ask);
    raise(SIGTERM);
    raise(SIGHUP);
    raise(SIGTERM);
}

static void impatient(void)
{
    interrupt_install(ask);
    raise(SIGINT);
    struct timespec wait = {1, 100000000};
    nanosleep(&wait, NULL);
    raise(SIGINT);
}

static void without_terminal(void)
{
    signal(SIGHUP, SIG_IGN);
    interrupt_install(ask);
    raise(SIGHUP);
}

static void the_first_signal_asks_and_its_echo_is_the_same(void **state)
{
    (void)state;
    time_t begun;
    int status;
    do { /* where the machine stood still in between, the later signals were no echo */
        begun = time(NULL);
        status = status_of(echoed);
    } while (time(NULL) != begun);
    assert_int_equal(status, 1);
}

static void a_later_signal_ends_the_program(void **state)
{
    (void)state;
    assert_int_equal(status_of(impatient), ERR_INTERRUPTED);
}

static void an_ignored_hangup_stays_ignored(void **state)
{
    (void)state;
    assert_int_equal(status_of(without_terminal), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_signal_asks_and_its_echo_is_the_same),
        cmocka_unit_test(a_later_signal_ends_the_program),
        cmocka_unit_test(an_ignored_hangup_stays_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
