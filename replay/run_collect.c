/*
 * The collector thread, which alone has the outcome and writes the book: intents before anything
 * else, then what was compared, then what lanes remember, which is saved with it. See run.h.
 */
#include "run.h"

#include "../diff/base/bytes.h"

#include <stdlib.h>

#define TURN 0.1 /* seconds between looks whether it is time to save */

struct collector {
    struct run *run;
    struct job *intended; /* whose intents are to be written, the last first */
    size_t intended_count;
    uint64_t *numbers;
    size_t room;
    bool asked;   /* the sender was asked for what lanes remember */
    bool changed; /* since the last save */
};

static void to_sender(struct run *run, struct job *job, enum run_message kind)
{
    job->message.kind = (int)kind;
    if (mailbox_put(&run->inbox, &job->message, false) && run->http)
        http_wake(run->http);
}

/* ---- intents ---- */

static void add_intent(struct collector *collector, struct job *job)
{
    if (collector->intended_count == collector->room) {
        collector->room = collector->room ? 2 * collector->room : 64;
        collector->numbers =
            mem_resize(collector->numbers, collector->room, sizeof *collector->numbers);
    }
    collector->numbers[collector->intended_count++] = job->exchange->number;
    job->message.next = collector->intended ? &collector->intended->message : NULL;
    collector->intended = job;
}

/* One commit for all that wait. */
static void write_intents(struct collector *collector)
{
    struct run *run = collector->run;
    struct err err = {0};
    if (!collector->intended)
        return;
    if (!atomic_load(&run->failed) &&
        !book_intend(run->book, collector->numbers, collector->intended_count, &err))
        run_fail(run, &err);
    collector->intended_count = 0;
    while (collector->intended) {
        struct job *job = collector->intended;
        struct message *next = job->message.next;
        collector->intended = next ? job_of(next) : NULL;
        to_sender(run, job, TO_SENDER_INTENDED); /* a failed run sends nothing */
    }
}

/* ---- what was compared ---- */

static void take_pair(struct run *run, struct job *job)
{
    struct err err = {0};
    bool kept = false;
    if (!job->pair.length)
        return;
    if (!book_pair(run->book, job->exchange->number, job->pair.data, job->pair.length, &kept, &err))
        run_fail(run, &err);
    else if (!kept)
        atomic_fetch_add(&run->pairs_dropped, 1);
}

static void take_checked(struct collector *collector, struct job *job)
{
    struct run *run = collector->run;
    if (job->uncertain) {
        outcome_uncertain(run->outcome, job->exchange);
    } else if (job->reason) {
        outcome_skip(run->outcome, job->exchange, job->reason, job->text);
    } else {
        enum replay_fate fate = outcome_add(run->outcome, job->exchange,
                                            job->checked ? &job->findings : NULL, job->why);
        atomic_fetch_add(&run->counts[fate], 1);
        if (job->copy_checked)
            noise_add(run->noise, job->copy, &job->copy_findings);
        if (run->final)
            final_learn(run->final, job->exchange);
        if (run->book) {
            book_replaced(run->book, job->exchange);
            if (fate != FATE_EQUAL)
                take_pair(run, job);
        }
    }
    if (run->book)
        book_finish(run->book, job->exchange->number);
    collector->changed = true;
    to_sender(run, job, TO_SENDER_OVER);
}

/* ---- saving ---- */

static MUST_CHECK bool put_lanes(struct run *run, const struct buffer *lanes, struct err *err)
{
    struct bytes in = bytes_of(lanes);
    while (in.place < in.end && !in.failed) {
        uint64_t session = bytes_u64(&in), length = bytes_u32(&in);
        const unsigned char *bytes = bytes_get(&in, length);
        if (!book_put_lane(run->book, session, bytes, length, err))
            return false;
    }
    return true;
}

static MUST_CHECK bool save(struct collector *collector, const struct letter *letter,
                            struct err *err)
{
    struct run *run = collector->run;
    if (letter->has_shared &&
        !book_put_shared(run->book, letter->shared.data, letter->shared.length, letter->whole, err))
        return false;
    for (size_t i = 0; i < letter->unsent_count; i++)
        book_withdraw(run->book, letter->unsent[i]);
    struct buffer outcome = BUFFER_INIT(BUFFER_NO_LIMIT);
    outcome_save(run->outcome, &outcome);
    bool done = book_save(run->book, &outcome, err);
    buffer_free(&outcome);
    collector->asked = collector->changed = false;
    return done;
}

static void take_letter(struct collector *collector, struct letter *letter)
{
    struct run *run = collector->run;
    struct err err = {0};
    if (!atomic_load(&run->failed) &&
        (!put_lanes(run, &letter->lanes, &err) || (letter->last && !save(collector, letter, &err))))
        run_fail(run, &err);
    atomic_fetch_sub(&run->letter_bytes, letter->lanes.length + letter->shared.length);
    buffer_free(&letter->lanes);
    buffer_free(&letter->shared);
    free(letter->unsent);
    free(letter);
}

static void ask_for_lanes(struct collector *collector)
{
    struct run *run = collector->run;
    if (!run->book || collector->asked || !collector->changed || !book_is_due(run->book))
        return;
    collector->asked = true;
    atomic_store(&run->save_wanted, true);
    http_wake(run->http);
}

/* ---- the thread ---- */

/* False: it is the end. */
static bool take(struct collector *collector, struct message *message)
{
    switch ((enum run_message)message->kind) {
    case TO_COLLECTOR_INTEND:
        add_intent(collector, job_of(message));
        return true;
    case TO_COLLECTOR_CHECKED:
        take_checked(collector, job_of(message));
        return true;
    case TO_COLLECTOR_LANES:
        take_letter(collector, (struct letter *)(void *)message); /* its first field */
        return true;
    default:
        return false;
    }
}

static void *collect(void *argument)
{
    struct collector collector = {.run = argument};
    for (bool goes_on = true; goes_on;) {
        /* All intents that are there go to the disk at once: they are urgent, and so the first. */
        struct message *message =
            mailbox_take(&collector.run->collected, collector.intended ? 0 : TURN);
        if (!message || message->kind != TO_COLLECTOR_INTEND)
            write_intents(&collector);
        if (message)
            goes_on = take(&collector, message);
        ask_for_lanes(&collector);
    }
    free(collector.numbers);
    return NULL;
}

bool run_start_collector(struct run *run, struct err *err)
{
    if (pthread_create(&run->collector, NULL, collect, run) != 0)
        return err_set(err, ERR_INTERNAL, "no more threads");
    run->collecting = true;
    return true;
}

void run_stop_collector(struct run *run)
{
    struct message stop = {.kind = TO_COLLECTOR_STOP};
    if (!run->collecting)
        return;
    mailbox_put(&run->collected, &stop, false);
    pthread_join(run->collector, NULL);
    run->collecting = false;
}
