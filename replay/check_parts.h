/*
 * What the files of check.h share: the pair of answers that is compared, what was found of it, and
 * the values that are each side's own. For check*.c only.
 */
#ifndef TALLY_REPLAY_CHECK_PARTS_H
#define TALLY_REPLAY_CHECK_PARTS_H

#include "../diff/compare.h"
#include "check.h"
#include "noise_parts.h"
#include "secrets.h"
#include "slice.h"
#include "token_parts.h"

#define CHECK_TEXT 500 /* bytes of a value that a finding shows */

/* A value of the source that stands for one of the target. */
struct own_pair {
    struct slice value[SIDES];
    const char *kinds; /* of an id; "" */
    bool secret;
    bool proposed; /* nothing is equal by it, but nothing is different, either */
    bool free; /* long and random: nothing else looks like it, so it counts wherever it stands */
    bool page; /* the request asked for it: path or query of what was sent */
    bool digits;
};

#define OWN_MOST 2000 /* pairs of one exchange that are known; more are not */

struct own {
    const struct check_settings *settings;
    const struct exchange *exchange;
    struct arena *arena;
    size_t count;
    struct own_pair *pairs; /* in the arena */
    unsigned *used;         /* own_used() */
    bool *anew;             /* a proposed pair was used, by whatever was compared */
};

struct check {
    const struct check_settings *settings;
    const struct exchange *exchange;
    struct rule_context context;
    struct own own;
    struct findings *findings;
    struct secrets *secrets;         /* of the exchange; NULL until there is something to show */
    struct pair_hider *hider[SIDES]; /* the same */
    size_t room;                     /* of findings->items */
    size_t learnt;                   /* findings that noise.h is told the place of */
};

/* ---- check.c */

/* Adds a finding; what its values hold of the exchange's secrets is masked. Texts are copied.
 * Beyond CHECK_MOST it is only counted. */
void check_add(struct check *check, const struct found *found);
/* Appends what stands for a value that is a secret as a whole. */
void check_mark(struct check *check, enum side side, struct slice value, struct buffer *out);
/* Appends a link without its secrets. */
void check_link(struct check *check, enum side side, struct slice link, struct buffer *out);
/* Does a text hold a secret of the exchange? */
bool check_is_secret(struct check *check, enum side side, struct slice text);
/* Appends bytes as valid UTF-8, at most CHECK_TEXT of them; others as \xHH. */
void check_clean(struct buffer *out, const void *bytes, size_t length);

/* ---- check_own.c: values that are each side's own */

/* Of the exchange's replacements and of the cookies that both answers set. */
void own_init(struct own *own, const struct check_settings *settings,
              const struct exchange *exchange, struct arena *arena);
/* One more, a token that both answers gave in the same place. */
void own_learn(struct own *own, struct slice source, struct slice target);
/* What the calls since the last own_used() took as each side's own: the gravest of it, a proposed
 * id before a token before an id before a host. False: nothing. */
bool own_used(const struct own *own, enum pair_known_kind *kind);
/* Does the value of a field of that name look like a token that nobody can guess? */
bool own_is_token(const char *name, struct slice value);

/* What may stand for each other in a text, beside hosts and long random values. */
struct own_filter {
    const struct token_kinds *kinds; /* ids of one of these; NULL: none */
    const bool *pairs;               /* these pairs: own->count of them; NULL: none */
    bool label; /* a number only as people name a thing by it: "Booking 9001", "#9001" */
};

/* Are the texts equal but for values that are each side's own? */
bool own_same(const struct own *own, const struct slice text[SIDES],
              const struct own_filter *filter);
/* The same of what a link says: hosts, ids by the kind that path and query give them, tokens. */
bool own_same_link(const struct own *own, const struct slice text[SIDES]);
/* Do they lead to the same place, seen from what was asked for? "/x" and "http://source/x" do. */
bool own_same_place(const struct own *own, const struct slice text[SIDES]);
/* Which pairs stand in a link, as ids of their kind: sets pairs[i] for those on both sides; where
 * one side's text has no bytes (`at` NULL), for those on the other. */
void own_pairs_of_link(const struct own *own, const struct slice text[SIDES], bool *pairs);
/* The pairs that the request asked for: own->count of them, in the arena. */
const bool *own_page_pairs(const struct own *own);
/* Is there any value that two texts may differ by? */
bool own_has_any(const struct own *own);
/* Could a value of the side stand in it? Quick, and true too often. */
bool own_may_hold(const struct own *own, enum side side, struct slice text);
/* Appends a text of the target with its values written as the source's: own_same() of what they
 * were made of and own_same() of the source hold for the same texts. */
void own_rewrite(const struct own *own, struct slice text, const struct own_filter *filter,
                 struct buffer *out);
void own_rewrite_link(const struct own *own, struct slice text, struct buffer *out);
/* Is this the side's own host, or the logged one, as "host" or "host:port"? */
bool own_is_host(const struct own *own, enum side side, struct slice host);
/* The same of a cookie's Domain, which knows no ports. */
bool own_is_domain(const struct own *own, enum side side, struct slice domain);

/* ---- check_place.c: what may stand where */

struct own_place {
    bool link;         /* it is one: own_same_link() */
    const char *token; /* the name by which it may be a token; "": none */
    struct token_kinds kinds;
    bool *pairs; /* of an own_filter, in the arena */
    bool label;
};

/* Of a node's text, or of its attribute (an interned name; NULL: none). */
void place_look(struct own_place *place, const struct own *own, struct arena *arena,
                const struct tree *tree, enum side side, uint32_t node, const char *attribute,
                struct slice value);
#define own_filter_of(place)                                                                       \
    (struct own_filter)                                                                            \
    {                                                                                              \
        .kinds = &(place)->kinds, .pairs = (place)->pairs, .label = (place)->label                 \
    }
bool place_is_link(const char *attribute);
/* The name of the field whose value an element gives: an input's, an option's <select>'s; "". */
const char *place_field(struct arena *arena, const struct tree *tree, uint32_t node);
/* The member of an object that a value belongs to, through lists; TREE_NONE: none. */
uint32_t place_member(const struct tree *tree, uint32_t node);

/* ---- the phases: each adds what it found */

bool check_location(struct check *check, struct err *err) MUST_CHECK;
bool check_headers(struct check *check, struct err *err) MUST_CHECK;
bool check_cookies(struct check *check, struct err *err) MUST_CHECK;
bool check_body(struct check *check, struct err *err) MUST_CHECK;

/* ---- check_end.c */

/* Does the body show that it is whole? header: its Content-Type, or NULL. */
bool check_end_is_shown(const char *header, const struct buffer *body);

/* ---- check_cause.c */

/* A phrase for how a text changed, in the arena or static; NULL: none is known. span: the words
 * that changed; whole: the values that they are a part of. */
const char *check_cause(struct arena *arena, const struct tree_text span[SIDES],
                        const struct tree_text whole[SIDES]);

static inline struct slice slice_text(struct tree_text text)
{
    return (struct slice){(const unsigned char *)(text.at ? text.at : ""), text.length};
}

static inline struct slice slice_buffer(const struct buffer *buffer)
{
    return (struct slice){buffer->data, buffer->length};
}

static inline bool slice_same(struct slice one, struct slice other)
{
    return one.length == other.length && (!one.length || memcmp(one.at, other.at, one.length) == 0);
}

#endif
