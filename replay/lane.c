/* See lane.h. */
#include "lane.h"

#include "../diff/base/bytes.h"
#include "mask.h"

#include <stdlib.h>

#define SLOTS_FIRST 256

struct lane_table {
    struct token_shared *shared, *copy;
    struct lane **slots; /* chains, by session */
    size_t slot_count, count;
    struct lane *alone; /* those of one request */
    unsigned made;
    uint64_t counted[JAR_RESULTS]; /* of lanes that are gone */
};

struct lane_table *lane_table_new(struct token_shared *shared, struct token_shared *copy)
{
    struct lane_table *table = mem_zero(1, sizeof *table);
    table->shared = shared;
    table->copy = copy;
    table->slot_count = SLOTS_FIRST;
    table->slots = mem_zero(table->slot_count, sizeof(struct lane *));
    return table;
}

static void lane_free(struct lane_table *table, struct lane *lane)
{
    while (lane->jars) {
        struct lane_jar *jar = lane->jars;
        lane->jars = jar->next;
        for (int result = 0; result < JAR_RESULTS; result++)
            table->counted[result] += jar_counted(jar->jar, (enum jar_result)result);
        jar_free(jar->jar);
        free(jar->tenant);
        free(jar);
    }
    token_memory_free(lane->memory);
    token_memory_free(lane->copy_memory);
    known_free(lane->known);
    free(lane);
}

static void free_chain(struct lane_table *table, struct lane *lane)
{
    while (lane) {
        struct lane *next = lane->next;
        lane_free(table, lane);
        lane = next;
    }
}

void lane_table_free(struct lane_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->slot_count; i++)
        free_chain(table, table->slots[i]);
    free_chain(table, table->alone);
    free(table->slots);
    free(table);
}

size_t lane_count(const struct lane_table *table)
{
    return table->count;
}

/* Sessions are numbered from 1 on: the number itself spreads well. */
static struct lane **chain_of(struct lane_table *table, uint64_t session)
{
    return session ? &table->slots[session & (table->slot_count - 1)] : &table->alone;
}

static void link_in(struct lane **chain, struct lane *lane)
{
    lane->next = *chain;
    lane->link = chain;
    if (lane->next)
        lane->next->link = &lane->next;
    *chain = lane;
}

static void grow(struct lane_table *table)
{
    struct lane **old = table->slots;
    size_t old_count = table->slot_count;
    table->slot_count *= 2;
    table->slots = mem_zero(table->slot_count, sizeof(struct lane *));
    for (size_t i = 0; i < old_count; i++)
        for (struct lane *lane = old[i], *next; lane; lane = next) {
            next = lane->next;
            link_in(chain_of(table, lane->session), lane);
        }
    free(old);
}

struct lane *lane_find(struct lane_table *table, uint64_t session)
{
    struct lane *lane = session ? *chain_of(table, session) : NULL;
    while (lane && lane->session != session)
        lane = lane->next;
    return lane;
}

struct lane *lane_enter(struct lane_table *table, uint64_t session)
{
    struct lane *lane = lane_find(table, session);
    if (!lane) {
        if (table->count == 2 * table->slot_count)
            grow(table);
        lane = mem_zero(1, sizeof *lane);
        lane->session = session;
        lane->memory = token_memory_new(table->shared);
        lane->copy_memory = table->copy ? token_memory_new(table->copy) : NULL;
        lane->known = known_new();
        lane->number = table->made++;
        lane->retired = session == 0;
        link_in(chain_of(table, session), lane);
        table->count++;
    }
    lane->unfinished++;
    return lane;
}

static bool drop_when_over(struct lane_table *table, struct lane *lane)
{
    if (lane->unfinished || !lane->retired)
        return false;
    *lane->link = lane->next;
    if (lane->next)
        lane->next->link = lane->link;
    table->count--;
    lane_free(table, lane);
    return true;
}

bool lane_leave(struct lane_table *table, struct lane *lane)
{
    lane->unfinished--;
    return drop_when_over(table, lane);
}

bool lane_retire(struct lane_table *table, uint64_t session)
{
    struct lane *lane = lane_find(table, session);
    if (!lane)
        return true;
    lane->retired = true;
    return drop_when_over(table, lane);
}

static bool same_text(const char *one, const char *other)
{
    return one == other || (one && other && strcmp(one, other) == 0);
}

struct jar *lane_jar(struct lane *lane, enum lane_party party, const char *tenant,
                     const struct jar_home *home)
{
    for (struct lane_jar *jar = lane->jars; jar; jar = jar->next)
        if (jar->party == party && same_text(jar->home->url, home->url) &&
            same_text(jar->home->host, home->host))
            return jar->jar;
    struct lane_jar *jar = mem_zero(1, sizeof *jar);
    *jar = (struct lane_jar){.next = lane->jars,
                             .party = party,
                             .home = home,
                             .tenant = tenant ? mem_copy_string(tenant) : NULL,
                             .jar = jar_new(home)};
    lane->jars = jar;
    return jar->jar;
}

/* Does the name stand in the expression as a word? */
static bool is_in_expression(const char *expression, struct slice name)
{
    const char *marks = ", $/:;{}";
    for (const char *at = expression; at && *at;) {
        at += strspn(at, marks);
        size_t length = strcspn(at, marks);
        struct slice word = {(const unsigned char *)at, length};
        if (length > 7 && strncasecmp(at, "cookie_", 7) == 0)
            word = (struct slice){word.at + 7, length - 7};
        if (length && slice_equal_fold(word, name))
            return true;
        at += length;
    }
    return false;
}

static bool is_own(struct slice name, struct slice value, const char *session)
{
    char *name_text = mem_copy_bytes(name.at, name.length);
    char *value_text = mem_copy_bytes(value.at, value.length);
    bool own = is_in_expression(session, name) || mask_is_secret(name) ||
               token_is_own_cookie(name_text, value_text);
    free(name_text);
    free(value_text);
    return own;
}

void lane_seeds(const char *cookies, const char *session, bool all, struct buffer *out)
{
    for (const char *at = cookies; at && *at;) {
        at += strspn(at, "; \t");
        size_t length = strcspn(at, ";");
        const char *equals = memchr(at, '=', length);
        if (equals) {
            struct slice name = {(const unsigned char *)at, (size_t)(equals - at)};
            struct slice value = {name.at + name.length + 1, length - name.length - 1};
            if (all || !is_own(name, value, session)) {
                buffer_add(out, at, length);
                buffer_add_text(out, ";");
            }
        }
        at += length;
    }
}

/* ---- as bytes ---- */

void lane_save(const struct lane *lane, struct buffer *out)
{
    const struct token_memory *memories[] = {lane->memory, lane->copy_memory};
    buffer_add_u64(out, lane->merged);
    for (size_t i = 0; i < 2; i++) {
        size_t at = bytes_open_piece(out);
        if (memories[i])
            token_memory_save(memories[i], out);
        bytes_close_piece(out, at);
    }
    size_t piece = bytes_open_piece(out);
    known_save(lane->known, out);
    bytes_close_piece(out, piece);
    size_t count = 0;
    for (const struct lane_jar *jar = lane->jars; jar; jar = jar->next)
        count++;
    bytes_put_size(out, count);
    for (const struct lane_jar *jar = lane->jars; jar; jar = jar->next) {
        buffer_add_byte(out, (unsigned char)jar->party);
        bytes_put_text(out, jar->tenant);
        size_t at = bytes_open_piece(out);
        jar_save(jar->jar, out);
        bytes_close_piece(out, at);
    }
}

static MUST_CHECK bool load_jar(struct lane *lane, struct bytes *in, struct arena *arena,
                                const struct jar_home *(*find)(void *context, enum lane_party party,
                                                               const char *tenant),
                                void *context, struct err *err)
{
    enum lane_party party = (enum lane_party)bytes_u8(in);
    const char *tenant = bytes_text(in, arena);
    size_t length = bytes_count(in, 1);
    const unsigned char *bytes = bytes_get(in, length);
    const struct jar_home *home =
        in->failed || party >= PARTIES ? NULL : find(context, party, tenant);
    return !home || jar_load(lane_jar(lane, party, tenant, home), bytes, length, err);
}

bool lane_load(struct lane *lane, const void *bytes, size_t length,
               const struct jar_home *(*find)(void *context, enum lane_party party,
                                              const char *tenant),
               void *context, struct err *err)
{
    struct bytes in = {bytes, (const unsigned char *)bytes + length, false};
    struct token_memory *memories[] = {lane->memory, lane->copy_memory};
    struct arena arena = ARENA_INIT;
    lane->merged = bytes_u64(&in);
    bool good = true;
    for (size_t i = 0; i < 2 && good; i++) {
        size_t size = bytes_count(&in, 1);
        const unsigned char *piece = bytes_get(&in, size);
        if (!in.failed && size && memories[i])
            good = token_memory_load(piece, size, memories[i], err);
    }
    size_t known_size = bytes_count(&in, 1);
    const unsigned char *known = bytes_get(&in, known_size);
    if (good && !in.failed)
        good = known_load(known, known_size, lane->known, err);
    for (size_t count = bytes_count(&in, 9); good && count && !in.failed; count--)
        good = load_jar(lane, &in, &arena, find, context, err);
    arena_free(&arena);
    return good && (bytes_at_end(&in) ||
                    err_set(err, ERR_USAGE, "what was saved of a session is damaged."));
}

void lane_each_dirty(struct lane_table *table, void (*take)(void *context, struct lane *lane),
                     void *context)
{
    for (size_t i = 0; i < table->slot_count; i++)
        for (struct lane *lane = table->slots[i]; lane; lane = lane->next)
            if (lane->dirty)
                take(context, lane);
}

static void count_chain(const struct lane *lane, enum jar_result result, uint64_t *sum)
{
    for (; lane; lane = lane->next)
        for (const struct lane_jar *jar = lane->jars; jar; jar = jar->next)
            *sum += jar_counted(jar->jar, result);
}

uint64_t lane_counted(const struct lane_table *table, enum jar_result result)
{
    uint64_t sum = table->counted[result];
    for (size_t i = 0; i < table->slot_count; i++)
        count_chain(table->slots[i], result, &sum);
    count_chain(table->alone, result, &sum);
    return sum;
}
