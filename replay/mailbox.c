/* See mailbox.h. */
#include "mailbox.h"

#include <time.h>

void mailbox_init(struct mailbox *box)
{
    *box = (struct mailbox){0};
    pthread_mutex_init(&box->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&box->filled, &attributes);
    pthread_condattr_destroy(&attributes);
}

void mailbox_free(struct mailbox *box)
{
    pthread_cond_destroy(&box->filled);
    pthread_mutex_destroy(&box->lock);
}

bool mailbox_put(struct mailbox *box, struct message *message, bool urgent)
{
    struct mail_queue *queue = urgent ? &box->urgent : &box->other;
    message->next = NULL;
    pthread_mutex_lock(&box->lock);
    if (queue->last)
        queue->last->next = message;
    else
        queue->first = message;
    queue->last = message;
    bool was_empty = box->count++ == 0;
    pthread_mutex_unlock(&box->lock);
    if (was_empty) /* now: who wakes would wait for the lock */
        pthread_cond_signal(&box->filled);
    return was_empty;
}

static struct message *shift(struct mail_queue *queue)
{
    struct message *message = queue->first;
    if (!message)
        return NULL;
    queue->first = message->next;
    if (!queue->first)
        queue->last = NULL;
    return message;
}

struct message *mailbox_take(struct mailbox *box, double seconds)
{
    struct timespec until = {0};
    if (seconds > 0) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        long nanoseconds = until.tv_nsec + (long)((seconds - (double)(long)seconds) * 1e9);
        until.tv_sec += (time_t)seconds + nanoseconds / 1000000000;
        until.tv_nsec = nanoseconds % 1000000000;
    }
    pthread_mutex_lock(&box->lock);
    while (!box->count && seconds > 0 &&
           pthread_cond_timedwait(&box->filled, &box->lock, &until) == 0)
        ;
    struct message *message = shift(&box->urgent);
    if (!message)
        message = shift(&box->other);
    if (message)
        box->count--;
    pthread_mutex_unlock(&box->lock);
    return message;
}
