/* What ends in time is joined; what does not is left behind, and the program ends all the same. */
#include "../../diff/base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CODE = 3, TAKEN_DOWN = 77 };

static void *end_at_once(void *unused)
{
    return unused;
}

static void *go_on(void *unused)
{
    while (pause() != 0)
        ;
    return unused;
}

/* As libraries do by atexit(): from here on their threads would crash. */
static void take_down(void)
{
    _exit(TAKEN_DOWN);
}

/* Returns how a program ends that has waited for this thread, and what it has printed. */
static int status_after(void *(*run)(void *), int milliseconds, char *printed, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        pthread_t thread;
        atexit(take_down);
        dup2(ends[1], STDOUT_FILENO);
        if (pthread_create(&thread, NULL, run, NULL) != 0)
            _exit(1);
        printf("%s", thread_wait(thread, milliseconds) ? "ended" : "left"); /* not yet written */
        exit(thread_end_program(CODE));
    }
    close(ends[1]);
    FILE *file = fdopen(ends[0], "r");
    size_t length = fread(printed, 1, size - 1, file);
    printed[length] = '\0';
    fclose(file);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_thread_that_goes_on_does_not_see_its_libraries_go(void **state)
{
    (void)state;
    char printed[100];
    assert_int_equal(status_after(go_on, 20, printed, sizeof printed), CODE);
    assert_string_equal(printed, "left");
}

static void a_program_whose_threads_have_ended_ends_as_ever(void **state)
{
    (void)state;
    char printed[100];
    assert_int_equal(status_after(end_at_once, 60000, printed, sizeof printed), TAKEN_DOWN);
    assert_string_equal(printed, ""); /* the handler above has not let it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_that_goes_on_does_not_see_its_libraries_go),
        cmocka_unit_test(a_program_whose_threads_have_ended_ends_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
