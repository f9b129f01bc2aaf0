/* See watch.h. */
#include "watch.h"

#include "../diff/base/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct watched {
    bool kept, wanted, silent;
    uint32_t events; /* that epoll has it for; 0: it does not have it */
};

struct watch {
    int poll, event;
    struct watched *sockets; /* by number */
    size_t room;
};

struct watch *watch_new(void)
{
    struct watch *watch = mem_zero(1, sizeof *watch);
    watch->poll = epoll_create1(EPOLL_CLOEXEC);
    watch->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    /* Once for each write: nobody needs to read it. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = watch->event};
    if (watch->poll >= 0 && watch->event >= 0 &&
        epoll_ctl(watch->poll, EPOLL_CTL_ADD, watch->event, &event) == 0)
        return watch;
    watch_free(watch);
    return NULL;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    if (watch->poll >= 0)
        close(watch->poll);
    if (watch->event >= 0)
        close(watch->event);
    free(watch->sockets);
    free(watch);
}

static struct watched *find(struct watch *watch, int socket)
{
    size_t at = (size_t)socket, room = watch->room;
    if (at >= room) {
        watch->room = 2 * at + 64;
        watch->sockets = mem_resize(watch->sockets, watch->room, sizeof *watch->sockets);
        memset(watch->sockets + room, 0, (watch->room - room) * sizeof *watch->sockets);
    }
    return &watch->sockets[at];
}

static void forget(struct watch *watch, int socket, struct watched *watched)
{
    if (watched->events)
        epoll_ctl(watch->poll, EPOLL_CTL_DEL, socket, NULL); /* it may be closed already */
    watched->events = 0;
    watched->wanted = false;
}

void watch_opened(struct watch *watch, int socket, bool silent)
{
    *find(watch, socket) = (struct watched){.kept = true, .silent = silent};
}

void watch_closes(struct watch *watch, int socket)
{
    struct watched *watched = find(watch, socket);
    forget(watch, socket, watched);
    watched->kept = false;
}

bool watch_for(struct watch *watch, int socket, bool readable, bool writable)
{
    struct watched *watched = find(watch, socket);
    struct epoll_event event = {.events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U),
                                .data.fd = socket};
    watched->wanted = event.events != 0;
    if (!watched->wanted) {
        if (!watched->kept)
            forget(watch, socket, watched);
        return true;
    }
    if (watched->events == event.events)
        return true;
    /* Should what is known of the socket be wrong, the other call is the right one. */
    int how = watched->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    int other = watched->events ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(watch->poll, how, socket, &event) != 0 &&
        epoll_ctl(watch->poll, other, socket, &event) != 0)
        return false;
    watched->events = event.events;
    return true;
}

int watch_wait(struct watch *watch, int milliseconds, struct watch_event *events, int most,
               bool *woken)
{
    enum { AT_ONCE = 64 };
    struct epoll_event ready[AT_ONCE];
    int count = epoll_wait(watch->poll, ready, most < AT_ONCE ? most : AT_ONCE, milliseconds);
    if (count < 0)
        return errno == EINTR ? 0 : -1;
    int kept = 0;
    for (int i = 0; i < count; i++) {
        int socket = ready[i].data.fd;
        uint32_t seen = ready[i].events;
        if (socket == watch->event) {
            *woken = true;
            continue;
        }
        struct watched *watched = find(watch, socket);
        if (!watched->wanted) { /* an idle connection that the other end closes, or speaks on */
            if (watched->silent && seen & EPOLLIN)
                shutdown(socket, SHUT_RDWR);
            forget(watch, socket, watched);
            continue;
        }
        events[kept++] = (struct watch_event){socket, seen & EPOLLIN, seen & EPOLLOUT,
                                              seen & (EPOLLERR | EPOLLHUP)};
    }
    return kept;
}

void watch_wake(struct watch *watch)
{
    const uint64_t once = 1;
    (void)!write(watch->event, &once, sizeof once); /* 2^64 of them are more than there will be */
}
