/*
 * Runs a command and writes down what it took: a stopwatch for tests/bench/run that reads the
 * kernel's own counters and does not add to them.
 *
 *     measure FILE COMMAND [ARGUMENT...]
 *
 * FILE gets one line: exit code (128 + signal where it was killed), seconds by the clock, seconds
 * of CPU in user space, in the kernel, and the largest resident set in KB.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: measure FILE COMMAND [ARGUMENT...]\n");
        return 64;
    }
    double start = now();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(errno));
        _exit(127);
    }
    int status;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        fprintf(stderr, "measure: %s\n", strerror(errno));
        return 70;
    }
    double wall = now() - start;
    FILE *file = fopen(argv[1], "w");
    if (!file) {
        fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(errno));
        return 70;
    }
    fprintf(file, "%d %.4f %.4f %.4f %ld\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), wall,
            seconds(used.ru_utime), seconds(used.ru_stime), used.ru_maxrss);
    return fclose(file) ? 70 : 0;
}
