/*
 * Worker threads: they read what answers teach, and compare them. What a lane waits for comes
 * before what nobody waits for; all of a lane's goes to one worker, in order. See run.h.
 */
#include "run.h"

#include "pair_exchange.h"

#include <stdio.h>

void run_to_worker(struct run *run, struct job *job, enum run_message kind)
{
    struct worker *worker = &run->workers[job->lane->number % run->worker_count];
    job->message.kind = (int)kind;
    mailbox_put(&worker->box, &job->message, kind == TO_WORKER_READ);
}

static void to_sender(struct run *run, struct job *job, enum run_message kind)
{
    job->message.kind = (int)kind;
    if (mailbox_put(&run->inbox, &job->message, false) && run->http)
        http_wake(run->http);
}

/* The copy's pair: what the source answered is shared. */
static void share_source(const struct job *job)
{
    if (job->now[1])
        job->now[1]->in[SOURCE] = job->now[0]->in[SOURCE];
}

/* The lane may go on before these answers are compared, and have forgotten by then what they show:
 * they are compared with what is known now. */
static void learn_secrets(struct job *job)
{
    for (size_t i = 0; i < 2; i++)
        if (job->now[i])
            secrets_learn(job->now[i], job->lane->known);
    known_free(job->known); /* of a step of a login */
    job->known = known_copy(job->lane->known);
}

static void read_answers(struct run *run, struct job *job)
{
    share_source(job);
    for (size_t i = 0; i < 2; i++)
        if (job->now[i])
            job->readings[i] = token_read(run->token_rules, job->now[i]);
    if (!run->options->keep_secrets)
        learn_secrets(job);
    to_sender(run, job, TO_SENDER_READ);
}

/* Tenants may have hosts of their own, in production, too. */
static void set_hosts(struct check_settings *settings, const struct call *call)
{
    settings->host[call->side] = call->site->host;
    settings->scheme[call->side] = call->site->scheme;
    if (call->site->home.production)
        settings->logged_host = call->site->home.production;
}

static void check(struct run *run, struct job *job, struct exchange *exchange,
                  struct findings *findings, bool *checked)
{
    struct err err = {0};
    struct check_settings settings = {.learn = exchange == job->copy,
                                      .known = job->known,
                                      .key = run->book ? book_key(run->book) : NULL,
                                      .rules = exchange == job->copy ? run->copy_rules : run->rules,
                                      .logged_host = run->logged_host};
    for (unsigned i = 0; i < job->call_count; i++)
        if (job->calls[i].exchange == exchange ||
            (job->calls[i].party == PARTY_SOURCE && exchange == job->copy))
            set_hosts(&settings, &job->calls[i]);
    *checked = check_exchange(&settings, exchange, findings, &err);
    if (!*checked)
        snprintf(job->why, sizeof job->why, "%.199s", err.text);
}

static void compare(struct run *run, struct job *job)
{
    if (job->reason || job->uncertain)
        return;
    if (!run->one_side) /* else the log alone is what it is held against, by the collector */
        check(run, job, job->exchange, &job->findings, &job->checked);
    if (job->copy)
        check(run, job, job->copy, &job->copy_findings, &job->copy_checked);
    bool equal = job->checked && job->findings.equal;
    if (run->book && !equal)
        pair_of_exchange(job->exchange, job->checked ? &job->findings : NULL, run->one_side,
                         book_key(run->book), job->known, &job->pair);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct run *run = worker->run;
    for (;;) {
        struct message *message = mailbox_take(&worker->box, 3600);
        if (!message)
            continue;
        if (message->kind == TO_WORKER_STOP)
            return NULL;
        struct job *job = job_of(message);
        if (message->kind == TO_WORKER_READ) {
            read_answers(run, job);
            continue;
        }
        compare(run, job);
        job->message.kind = TO_COLLECTOR_CHECKED;
        mailbox_put(&run->collected, &job->message, false);
    }
}

bool run_start_workers(struct run *run, struct err *err)
{
    size_t wanted = (size_t)(run->options->jobs > 0 ? run->options->jobs : 1);
    wanted = wanted < RUN_WORKERS ? wanted : RUN_WORKERS;
    for (size_t i = 0; i < wanted; i++) {
        struct worker *worker = &run->workers[i];
        worker->run = run;
        mailbox_init(&worker->box);
        run->worker_count++;
        if (pthread_create(&worker->thread, NULL, work, worker) != 0)
            return err_set(err, ERR_INTERNAL, "no more threads");
        worker->running = true;
    }
    return true;
}

void run_stop_workers(struct run *run)
{
    struct message stops[RUN_WORKERS];
    for (size_t i = 0; i < run->worker_count; i++) {
        stops[i].kind = TO_WORKER_STOP;
        if (run->workers[i].running)
            mailbox_put(&run->workers[i].box, &stops[i], false);
    }
    for (size_t i = 0; i < run->worker_count; i++) {
        if (run->workers[i].running)
            pthread_join(run->workers[i].thread, NULL);
        mailbox_free(&run->workers[i].box);
    }
    run->worker_count = 0;
}
