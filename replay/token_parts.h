/*
 * What the files of token.h share: what a lane remembers, the ids that lanes know in common, and
 * the parts of a request that can be given another value. For token*.c only.
 */
#ifndef TALLY_REPLAY_TOKEN_PARTS_H
#define TALLY_REPLAY_TOKEN_PARTS_H

#include "token.h"
#include "token_rules.h"

#include "../diff/base/hash.h"

#define TOKEN_VALUE_MOST 16384     /* bytes of a value that is remembered (view states are long) */
#define TOKEN_PARTS_MOST 2000      /* parts of one message that are looked at */
#define TOKEN_FACTS_MOST 256       /* of each sort, in a lane */
#define TOKEN_FIELD_BYTES 49152    /* of a lane, fields, meta tokens, cookies, members */
#define TOKEN_LINK_BYTES 16384     /* of a lane, ids that its pages showed */
#define TOKEN_ALL_BYTES (64 << 20) /* of all lanes; beyond it a lane keeps TOKEN_POOR_BYTES */
#define TOKEN_POOR_BYTES 2048
#define TOKEN_IDS_MOST (1U << 18)   /* then the oldest is forgotten */
#define TOKEN_SEEN_SLOTS (1U << 19) /* 16 bytes each */
#define TOKEN_PAGE_FIELDS 128       /* fields of a page and side that are remembered */
#define TOKEN_PAGE_LINKS 100        /* ids */

/* ---- parts: token_form.c ---- */

enum token_place {
    PLACE_PATH,
    PLACE_QUERY,
    PLACE_FIELD,
    PLACE_MULTIPART,
    PLACE_JSON,
    PLACE_HEADER
};

/* A value in a message, which may be given another one in its place. */
struct token_part {
    enum token_place place;
    size_t from, length; /* its bytes in the message; JSON: with the quotes */
    const char *name;    /* decoded; path: "" */
    const char *parent;  /* JSON: the member that holds it; user[id]: "user"; else NULL */
    const char *value;   /* decoded; a C string: parts with a NUL are left out */
    unsigned index;      /* path: number of the segment, from 1 */
    unsigned depth;      /* JSON: of objects and lists around it */
    bool number;         /* JSON: not in quotes */
    bool id;             /* its value looks like one, or a rule says that it is one */
};

struct token_parts {
    struct arena *arena; /* borrowed */
    size_t count, room;
    struct token_part *items;
};

enum token_body { BODY_NONE, BODY_FORM, BODY_MULTIPART, BODY_JSON };

void token_parts_init(struct token_parts *parts, struct arena *arena);
void token_parts_free(struct token_parts *parts);
/* Segments of the path that may be an id (all: every segment), and all pairs of the query. */
void token_walk_target(struct token_parts *parts, struct slice target, bool all);
enum token_body token_body_kind(const char *content_type, struct slice body);
/* Nothing when the body is not what it claims to be: then it is sent as it stands. */
void token_walk_body(struct token_parts *parts, enum token_body kind, const char *content_type,
                     struct slice body);
/* "field _token", "path 2", "query id", "$.id": as struct replacement says it. */
const char *token_where(const struct token_part *part, struct arena *arena);
/* Appends a value as its place wants it. False: it cannot stand there. */
bool token_encode(struct buffer *out, const struct token_part *part, const char *value);
/* A target with a byte 1 in place of each id: equal for targets of one page. */
void token_shape(struct buffer *out, struct slice target, const struct token_parts *parts);
/* Appends path and query that a link on a page of `base` leads to; false: it leads elsewhere. */
bool token_resolve(struct buffer *out, struct slice base, const char *link, size_t length);

/* ---- names and values: token_name.c ---- */

#define TOKEN_KINDS 4
#define TOKEN_KIND_SIZE 64

/* Of what an id is: "booking". Several where a name says little. */
struct token_kinds {
    size_t count;
    char name[TOKEN_KINDS][TOKEN_KIND_SIZE];
};

/* Does the field's name say that it holds a token; one against forged requests? */
bool token_name_is_token(const char *name);
bool token_name_is_csrf(const char *name);
bool token_name_ends_token(const char *name); /* wpLoginToken, logintoken; not tokenizer */
bool token_name_same(const char *name, const char *other); /* csrfToken, csrf_token, CSRF-Token */
bool token_name_is_id(const char *name);                   /* id, booking_id, bookingId */
bool token_looks_random(const char *value);
/* Is it a moment to the second as programs write it: 20261122063530, 1795329063 (milliseconds,
 * too), 2026-11-22 06:35:30? At microseconds since 1970 in UTC. */
bool token_read_moment(const char *value, int64_t *at);
bool token_looks_id(const char *value); /* digits, UUID, hex, random */
/* Bytes of a path's segment that may be an id: 8812 of "8812-a-title"; 0: none. */
size_t token_id_length(const char *segment, size_t length);
void token_kinds_of(struct token_kinds *kinds, const struct token_part *part, struct slice target);

/* ---- ids that lanes share: token_id.c ---- */

/* The exchange whose answers gave a value, and as what. */
struct token_origin {
    uint64_t number; /* 0: not known */
    enum given given;
};

struct token_id {
    uint32_t next[2]; /* chains: by logged value, by source's value */
    uint64_t hash[2];
    const char *tenant, *kind, *logged, *value[SIDES]; /* in `text` */
    struct token_origin origin;
    char *text;
};

enum token_domain { DOMAIN_LOG, DOMAIN_SOURCE, DOMAIN_TARGET };

struct token_shared {
    const struct token_rules *rules;
    size_t bytes; /* that all lanes remember */
    struct token_id *ids;
    uint32_t id_count, id_room, id_next; /* id_next: slot that is reused once all are taken */
    uint32_t *heads[2], head_count;
    struct token_seen {
        uint64_t hash, number;
    } * seen;
    uint32_t seen_count;
    /* For saving: a bit for each slot of ids and of seen that is new since the last time. */
    uint64_t *id_changed, *seen_changed;
    uint64_t saved;            /* slots, in the pieces since the last whole one */
    struct token_shown *shown; /* token_anew.c; it is not saved, */
    bool resumed;              /* so that after loading nothing more is proposed */
};

struct token_shown *token_shown_new(void); /* free() frees it */

/* Put what was saved into its slot: token_save.c. texts: tenant, kind, logged, and each side's
 * value or NULL. False: it cannot stand there. */
bool token_id_load(struct token_shared *shared, uint32_t slot, const char *const texts[5],
                   struct token_origin origin);
bool token_seen_load(struct token_shared *shared, uint32_t slot, const struct token_seen *seen);

static inline void token_mark(uint64_t *bits, size_t slot)
{
    bits[slot / 64] |= UINT64_C(1) << slot % 64;
}

const struct token_id *token_id_find(const struct token_shared *shared, const char *tenant,
                                     const char *kind, const char *logged);
const struct token_id *token_id_of_source(const struct token_shared *shared, const char *tenant,
                                          const char *kind, const char *source);
/* A side's value NULL: it has none, the logged one is sent. */
void token_id_add(struct token_shared *shared, const char *tenant, const char *kind,
                  const char *logged, const char *const value[SIDES], struct token_origin origin);
void token_seen_add(struct token_shared *shared, enum token_domain domain, const char *tenant,
                    const char *kind, const char *value, uint64_t number);
/* Was the id used by a request up to that number? Forgets when there are too many. */
bool token_seen_before(const struct token_shared *shared, enum token_domain domain,
                       const char *tenant, const char *kind, const char *value, uint64_t number);

/* ---- what a lane remembers: token.c ---- */

enum token_fact_kind {
    FACT_HIDDEN, /* name: field; place: where its form leads */
    FACT_META,   /* name: the header it is sent in */
    FACT_COOKIE, /* the same */
    FACT_MEMBER, /* name: of a JSON member */
    FACT_LINK    /* name: kind of id */
};

struct token_fact {
    enum token_fact_kind kind;
    enum side side;
    unsigned form;   /* on its page, from 1 */
    uint64_t number; /* of the exchange */
    uint64_t page;   /* hash of the logged target */
    const char *name, *place, *value;
    size_t bytes, value_length;
    char text[];
};

struct token_facts {
    size_t count, bytes;
    struct token_fact **items; /* oldest first */
};

/* An id that both sides may have made, until a logged request names it. */
struct token_pending {
    uint64_t number;
    int64_t until;            /* arrival of the last request that may follow; INT64_MAX: none */
    unsigned tries;           /* requests that may still name it */
    char *redirect[SIDES];    /* where each side led; NULL: not a redirect, or it did not */
    struct token_kinds kinds; /* of a created thing */
    char *created[SIDES];
};

#define TOKEN_PENDING_MOST 8

struct token_memory {
    struct token_shared *shared;
    struct token_facts fields, links;
    uint64_t cut; /* the last exchange of which not all ids were remembered */
    size_t pending_count;
    struct token_pending *pending; /* oldest first */
};

/* A copy with its texts, in one block. */
struct token_fact *token_fact_new(const struct token_fact *fact);
/* Takes over what token_fact_new() made. */
void token_remember(struct token_memory *memory, struct token_fact *fact);
/* Forgets what a page of a side said before; kind: FACT_LINK or all others that pages say. */
void token_forget_page(struct token_memory *memory, enum side side, uint64_t page);
uint64_t token_page(struct slice target);
/* Takes over what the pending one holds. */
void token_wait(struct token_memory *memory, const struct token_pending *pending);
void token_pending_free(struct token_pending *pending);
void token_pending_drop(struct token_memory *memory, size_t place);

/* ---- what was read of an exchange: token_read.c, token_merge.c ---- */

/* An id that stands in both answers where what the request made is named, or in one. */
struct token_made {
    const char *where;
    struct token_kinds kinds;
    const char *value[SIDES]; /* NULL: that side names none */
};

struct token_made_list {
    size_t count;
    struct token_made *items; /* in the reading's arena */
};

struct token_reading {
    struct arena arena;
    struct token_answer {
        bool is_page; /* what the page said before is forgotten */
        bool cut;     /* not all ids that it shows are among the facts */
        size_t count;
        struct token_fact **facts;
    } answer[SIDES];
    char *redirect[SIDES];       /* path and query that the side led to; NULL: nowhere */
    const char *logged_redirect; /* the same of the logged Location */
    struct token_made_list redirected, created;
};

static inline bool token_is_redirect(int status)
{
    return status >= 300 && status < 400;
}

/* "booking rat", as struct replacement has it. */
const char *token_kinds_text(const struct token_kinds *kinds, struct arena *arena);
/* Adds to the exchange's lists, each `where` and logged value once. */
void token_record(struct exchange *exchange, const struct replacement *replacement);
void token_record_uncorrelated(struct exchange *exchange, const char *where, const char *logged);

#endif
