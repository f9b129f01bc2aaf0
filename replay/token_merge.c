/*
 * What was read of both answers, put into what a lane remembers. Input: a reading (token_read.c).
 * Output: facts, ids that wait for their logged name, pairs of ids in the exchange's replacements.
 * Runs on the thread that sends, so it only moves and compares: nothing is parsed here.
 */
#include "token_prove.h"

#include <stdlib.h>

#define CREATED_TRIES 30 /* requests of a lane within which a created thing is asked for */
#define FOLLOW_TRIES 6   /* requests of a lane within which a redirect is followed */
#define FOLLOW_MICROSECONDS (60 * 1000000LL)

/* ---- redirects ---- */

/* Ids that two answers made, in a place where both have one. */
static void record_made(const struct token_memory *memory, struct exchange *exchange,
                        const struct token_made *one)
{
    const struct replacement made = {.where = one->where,
                                     .logged = "",
                                     .value = {one->value[SOURCE], one->value[TARGET]},
                                     .is_id = true,
                                     .kind = token_kinds_text(&one->kinds, &exchange->arena)};
    for (int side = 0; side < SIDES; side++)
        if (!one->value[side] || !token_is_fresh(memory, exchange, (enum side)side, &one->kinds,
                                                 one->value[side], exchange->number))
            return;
    if (strcmp(one->value[SOURCE], one->value[TARGET]) != 0)
        token_record(exchange, &made);
}

static void merge_redirect(struct token_memory *memory, struct exchange *exchange,
                           struct token_reading *reading)
{
    const struct logged *logged = &exchange->logged;
    int status = logged->status;
    if (!reading->redirect[SOURCE] && !reading->redirect[TARGET])
        return;
    for (size_t i = 0; i < reading->redirected.count; i++)
        record_made(memory, exchange, &reading->redirected.items[i]);
    if (logged->location) {
        if (reading->logged_redirect)
            (void)token_prove_target(memory, exchange, exchange->number,
                                     slice_of(reading->logged_redirect), reading->redirect);
    } else if (!status || token_is_redirect(status) || status == 201) {
        token_wait(memory,
                   &(struct token_pending){
                       .number = exchange->number,
                       .tries = FOLLOW_TRIES,
                       .until = logged->arrival + (logged->duration > 0 ? logged->duration : 0) +
                                FOLLOW_MICROSECONDS,
                       .redirect = {reading->redirect[SOURCE], reading->redirect[TARGET]}});
        reading->redirect[SOURCE] = reading->redirect[TARGET] = NULL; /* they wait now */
    }
}

/* ---- created things ---- */

static void merge_created(struct token_memory *memory, struct exchange *exchange,
                          const struct token_reading *reading)
{
    size_t found = 0;
    for (size_t i = 0; i < reading->created.count && found < TOKEN_PENDING_MOST / 2; i++) {
        const struct token_made *made = &reading->created.items[i];
        struct token_pending pending = {.number = exchange->number,
                                        .until = INT64_MAX,
                                        .tries = CREATED_TRIES,
                                        .kinds = made->kinds};
        bool fresh = true;
        for (int side = 0; side < SIDES; side++)
            fresh = fresh && (!made->value[side] ||
                              token_is_fresh(memory, exchange, (enum side)side, &made->kinds,
                                             made->value[side], exchange->number));
        if (!fresh)
            continue;
        record_made(memory, exchange, made);
        for (int side = 0; side < SIDES; side++)
            pending.created[side] = made->value[side] ? mem_copy_string(made->value[side]) : NULL;
        token_wait(memory, &pending);
        found++;
    }
}

/* ---- known ids that both answers show ---- */

/* The page of booking 9001 and 9044 links to edit.php?id=9001 and edit.php?id=9044: what is edited
 * there goes by the same ids. Only where the sides' values differ: equal ones could be chance. */
static void learn_alias(struct token_memory *memory, struct exchange *exchange,
                        const struct token_fact *fact, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct replacement known = exchange->replacements[i];
        if (known.is_id && *known.logged && strcmp(known.value[SOURCE], fact->value) == 0 &&
            strcmp(known.value[SOURCE], known.value[TARGET]) != 0 &&
            token_page_shows(memory, TARGET, exchange->number, fact->name, known.value[TARGET]))
            token_id_add(memory->shared, exchange->logged.tenant, fact->name, known.logged,
                         known.value, (struct token_origin){known.from, known.given});
    }
}

static void learn_shown(struct token_memory *memory, struct exchange *exchange)
{
    size_t sent = exchange->replacement_count;
    for (size_t i = 0; i < memory->links.count; i++) {
        const struct token_fact *fact = memory->links.items[i];
        if (fact->number != exchange->number || fact->side != SOURCE)
            continue;
        learn_alias(memory, exchange, fact, sent < 20 ? sent : 20);
        const struct token_id *id =
            token_id_of_source(memory->shared, exchange->logged.tenant, fact->name, fact->value);
        if (!id || !id->value[TARGET] ||
            !token_page_shows(memory, TARGET, exchange->number, fact->name, id->value[TARGET]))
            continue;
        token_record(exchange,
                     &(struct replacement){.where = "answer",
                                           .logged = id->logged,
                                           .value = {id->value[SOURCE], id->value[TARGET]},
                                           .is_id = true,
                                           .kind = fact->name,
                                           .from = id->origin.number,
                                           .given = id->origin.given});
    }
}

/* ---- an exchange ---- */

void token_merge(struct token_memory *memory, struct exchange *exchange,
                 struct token_reading *reading)
{
    token_note_write(memory, exchange);
    if (!reading)
        return;
    for (int side = 0; side < SIDES; side++) {
        struct token_answer *answer = &reading->answer[side];
        if (answer->is_page)
            token_forget_page(memory, (enum side)side, token_page(exchange->logged.target));
        for (size_t i = 0; i < answer->count; i++)
            token_remember(memory, answer->facts[i]);
        answer->count = 0; /* they are the memory's now */
        if (answer->cut)
            memory->cut = exchange->number;
    }
    merge_redirect(memory, exchange, reading);
    merge_created(memory, exchange, reading);
    learn_shown(memory, exchange);
    token_propose(memory, exchange);
    token_reading_free(reading);
}
