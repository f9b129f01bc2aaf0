/* See ledger_place.h. */
#include "ledger_place.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char ending[] = ".ledger";

/* Makes the folder and what is above it, each for the user alone when absent. */
static MUST_CHECK bool make_folder(char *path, struct err *err)
{
    for (char *at = path + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char here = *at;
        *at = '\0';
        int failed = mkdir(path, 0700) == 0 ? 0 : errno;
        struct stat status;
        bool good = !failed || (stat(path, &status) == 0 && S_ISDIR(status.st_mode));
        if (!good)
            err_set(
                err, ERR_USAGE,
                "the folder \"%s\" for ledgers cannot be made: %s; choose a file with --ledger.",
                path, failed == EEXIST ? "a file of that name is in the way" : strerror(failed));
        *at = here;
        if (!good || !here)
            return good;
    }
}

bool ledger_place_folder(struct buffer *path, struct err *err)
{
    /* The XDG Base Directory Specification ignores relative paths. */
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    buffer_clear(path);
    if (state && state[0] == '/')
        buffer_printf(path, "%s/tally", state);
    else if (home && home[0] == '/')
        buffer_printf(path, "%s/.local/state/tally", home);
    else
        return err_set(err, ERR_USAGE,
                       "neither XDG_STATE_HOME nor HOME names a folder for ledgers: choose a file "
                       "with --ledger.");
    if (buffer_overflowed(path))
        return err_set(err, ERR_USAGE, "the path of the folder for ledgers is too long.");
    return make_folder((char *)path->data, err);
}

static int newest_first(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*other)->d_name, (*one)->d_name); /* names begin with the time */
}

static bool is_ledger(const char *name, const char *purpose)
{
    size_t length = strlen(name), start = strlen(purpose), end = sizeof ending - 1;
    return strncmp(name, purpose, start) == 0 && name[start] == '-' && length > start + 1 + end &&
           strcmp(name + length - end, ending) == 0;
}

static bool list(const char *folder, const char *purpose, struct text_list *paths)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, newest_first);
    for (int i = 0; i < count; i++) {
        if (is_ledger(names[i]->d_name, purpose)) {
            char *path = mem_format("%s/%s", folder, names[i]->d_name);
            text_list_add(paths, path);
            free(path);
        }
        free(names[i]);
    }
    free(names);
    return count >= 0;
}

/* Is it the ledger, or what lies beside it under its name and more: the log that a killed run left,
 * a replay's sessions (.lanes), the ledgers of its databases (.after-x.verify)? */
static bool belongs(const char *name, const char *ledger)
{
    size_t length = strlen(ledger);
    return strncmp(name, ledger, length) == 0 &&
           (!name[length] || name[length] == '.' || name[length] == '-');
}

/* With what belongs to it; not one that a run still has open. */
static void remove_ledger(const char *path)
{
    struct dirent **names = NULL;
    const char *slash = strrchr(path, '/');
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0 || !slash || flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (file >= 0)
            close(file);
        return;
    }
    char *folder = mem_copy_bytes(path, (size_t)(slash - path));
    int count = scandir(folder, &names, NULL, NULL);
    for (int i = 0; i < count; i++) {
        char *name = mem_format("%s/%s", folder, names[i]->d_name);
        if (belongs(names[i]->d_name, slash + 1) && strcmp(name, path) != 0)
            unlink(name);
        free(name);
        free(names[i]);
    }
    unlink(path); /* last: while it is there, all of it is found again */
    free(names);
    free(folder);
    close(file);
}

bool ledger_place_list(const char *purpose, struct text_list *paths, struct err *err)
{
    struct buffer folder = BUFFER_INIT(1 << 14);
    bool ok = ledger_place_folder(&folder, err);
    if (ok)
        (void)list((const char *)folder.data, purpose, paths); /* unreadable: as if empty */
    buffer_free(&folder);
    return ok;
}

bool ledger_place_new(const char *purpose, const char *asked, struct buffer *path, struct err *err)
{
    struct text_list old = {0};
    time_t now = time(NULL);
    struct tm utc;
    char stamp[32];
    buffer_clear(path);
    if (asked) {
        buffer_add_text(path, asked);
        return true;
    }
    if (!ledger_place_folder(path, err))
        return false;
    (void)list((const char *)path->data, purpose, &old);
    for (size_t i = LEDGER_PLACE_KEPT - 1; i < old.count; i++)
        remove_ledger(old.items[i]);
    text_list_free(&old);
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    buffer_printf(path, "/%s-%s-%ld%s", purpose, stamp, (long)getpid(), ending);
    return true;
}

bool ledger_place_newest(const char *purpose, const char *asked, struct buffer *path,
                         struct err *err)
{
    struct text_list all = {0};
    buffer_clear(path);
    bool ok = true;
    if (asked) {
        buffer_add_text(path, asked);
        return true;
    }
    struct buffer folder = BUFFER_INIT(1 << 14);
    ok = ledger_place_folder(&folder, err) && ledger_place_list(purpose, &all, err);
    if (ok && all.count)
        buffer_add_text(path, all.items[0]);
    else if (ok)
        ok = err_set(err, ERR_USAGE, "--resume: there is no ledger in %s",
                     (const char *)folder.data);
    buffer_free(&folder);
    text_list_free(&all);
    return ok;
}
