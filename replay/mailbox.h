/*
 * How the threads of a replay hand things to each other: a queue of messages, each of which is a
 * part of what it is about. Nothing is copied or allocated. Any thread may put, one takes.
 */
#ifndef TALLY_REPLAY_MAILBOX_H
#define TALLY_REPLAY_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct message {
    struct message *next;
    int kind; /* the taker's business */
};

/* In the order in which they were put, urgent ones first. */
struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct mail_queue {
        struct message *first, *last;
    } urgent, other;
    size_t count;
};

void mailbox_init(struct mailbox *box);
void mailbox_free(struct mailbox *box); /* messages are the caller's */

/* True: it was empty before, so that its taker may have to be woken. */
bool mailbox_put(struct mailbox *box, struct message *message, bool urgent);
/* The next; NULL: there is none, also after waiting for `seconds`. */
struct message *mailbox_take(struct mailbox *box, double seconds);

#endif
