#include "session.h"

#include "session_guess.h"
#include "session_key.h"

#include <stdlib.h>

#define NO_SESSION UINT32_MAX
#define NEAR_TIME (INT64_C(30) * 60 * 1000000)
#define RECENT                                                                                     \
    65536 /* visitors and connections whose last request is remembered; a power of two             \
           */

/* What a hash stands for, so that no id is taken for an address. */
enum tag { TAG_KEY, TAG_VISITOR, TAG_CONNECTION, TAG_PLACE };

struct slot {
    struct hash128 hash; /* both 0: free */
    uint32_t session;    /* index; NO_SESSION: known, but of no session now */
};

/* The last request of a visitor or connection. Others that share the place overwrite it: then
 * nothing is proved. */
struct recent {
    uint64_t hash;
    uint64_t session; /* number */
    uint32_t index;
    bool unsafe; /* its method changes something */
};

struct session_table {
    const struct session_key *key;
    size_t most;
    void (*retire)(void *data, const struct session *session);
    void *data;
    bool sees_answers;
    uint64_t numbers, forgotten, placed;
    struct session *sessions;
    size_t count, room;
    struct slot *slots;
    size_t slot_count, slot_room; /* room: a power of two */
    struct recent *visitors, *connections;
    struct session_guess *guess; /* NULL: the log proves what it can */
    struct session_hint hint;    /* of the request at hand, for `guess` */
    struct session alone;        /* a request that no other can belong to */
    struct buffer text;
};

struct session_table *session_table_new(const struct session_key *key, size_t most,
                                        void (*retire)(void *data, const struct session *session),
                                        void *data)
{
    struct session_table *table = mem_zero(1, sizeof *table);
    table->key = key;
    table->most = most;
    table->retire = retire;
    table->data = data;
    table->slot_room = 1024;
    table->slots = mem_zero(table->slot_room, sizeof *table->slots);
    table->visitors = mem_zero(RECENT, sizeof *table->visitors);
    table->connections = mem_zero(RECENT, sizeof *table->connections);
    buffer_init(&table->text, LOG_MOST_BYTES);
    if (key && key->set_header != LOG_NONE)
        table->sees_answers = true;
    for (size_t i = 0; key && i < key->count; i++)
        for (size_t k = 0; k < key->choices[i].count; k++)
            if (key->choices[i].parts[k].cookie && key->choices[i].parts[k].set != LOG_NONE)
                table->sees_answers = true;
    return table;
}

void session_table_free(struct session_table *table)
{
    if (!table)
        return;
    free(table->sessions);
    free(table->slots);
    free(table->visitors);
    free(table->connections);
    buffer_free(&table->text);
    free(table);
}

void session_table_guess(struct session_table *table, struct session_guess *guess)
{
    table->guess = guess;
}

bool session_sees_answers(const struct session_table *table)
{
    return table->sees_answers;
}

bool session_sees_begin(const struct session_table *table, const struct request_parser *parser)
{
    static const enum request_role who[] = {ROLE_ADDRESS, ROLE_AGENT, ROLE_CONNECTION};
    for (size_t i = 0; i < sizeof who / sizeof *who; i++)
        if (parser->role[who[i]] != LOG_NONE)
            return true;
    return table->sees_answers;
}

uint64_t session_forgotten(const struct session_table *table)
{
    return table->forgotten;
}

/* --- ids
 * ---------------------------------------------------------------------------------------------- */

/* The place of a hash, or the free one where it belongs. */
static struct slot *find_slot(struct slot *slots, size_t room, struct hash128 hash)
{
    size_t at = (size_t)hash.low & (room - 1);
    while ((slots[at].hash.low || slots[at].hash.high) &&
           (slots[at].hash.low != hash.low || slots[at].hash.high != hash.high))
        at = (at + 1) & (room - 1);
    return &slots[at];
}

static void grow_slots(struct session_table *table)
{
    size_t room = table->slot_room * 2;
    struct slot *slots = mem_zero(room, sizeof *slots);
    for (size_t i = 0; i < table->slot_room; i++)
        if (table->slots[i].hash.low || table->slots[i].hash.high)
            *find_slot(slots, room, table->slots[i].hash) = table->slots[i];
    free(table->slots);
    table->slots = slots;
    table->slot_room = room;
}

static uint32_t look_up(struct session_table *table, struct hash128 hash)
{
    const struct slot *slot = find_slot(table->slots, table->slot_room, hash);
    return slot->hash.low || slot->hash.high ? slot->session : NO_SESSION;
}

static void point_to(struct session_table *table, struct hash128 hash, uint32_t session)
{
    if ((table->slot_count + 1) * 2 > table->slot_room)
        grow_slots(table);
    struct slot *slot = find_slot(table->slots, table->slot_room, hash);
    if (!slot->hash.low && !slot->hash.high)
        table->slot_count++;
    slot->hash = hash;
    slot->session = session;
}

static int compare_times(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return one < other ? -1 : one > other;
}

/* Forgets the sessions that were idle longest, half of all, and their ids. */
static void forget(struct session_table *table)
{
    int64_t *times = mem_alloc(table->count * sizeof *times);
    uint32_t *places = mem_alloc(table->count * sizeof *places);
    for (size_t i = 0; i < table->count; i++)
        times[i] = table->sessions[i].last;
    qsort(times, table->count, sizeof *times, compare_times);
    int64_t limit = times[table->count / 2];
    /* Of equal times as many as it takes. */
    size_t kept = 0, wanted = table->count - table->count / 2;
    for (size_t i = 0; i < table->count; i++) {
        const struct session *session = &table->sessions[i];
        if (session->last >= limit && kept < wanted) {
            places[i] = (uint32_t)kept;
            table->sessions[kept++] = *session;
        } else {
            places[i] = NO_SESSION;
            table->retire(table->data, session);
            table->forgotten++;
        }
    }
    table->count = kept;
    struct slot *slots = mem_zero(table->slot_room, sizeof *slots);
    table->slot_count = 0;
    for (size_t i = 0; i < table->slot_room; i++) {
        struct slot slot = table->slots[i];
        if ((!slot.hash.low && !slot.hash.high) || slot.session == NO_SESSION ||
            places[slot.session] == NO_SESSION)
            continue;
        slot.session = places[slot.session];
        *find_slot(slots, table->slot_room, slot.hash) = slot;
        table->slot_count++;
    }
    free(table->slots);
    table->slots = slots;
    /* Indexes have changed. */
    memset(table->visitors, 0, RECENT * sizeof *table->visitors);
    memset(table->connections, 0, RECENT * sizeof *table->connections);
    free(times);
    free(places);
}

static uint32_t new_session(struct session_table *table, struct hash128 hash, bool anonymous)
{
    if (table->count == table->room) {
        table->room = table->room ? table->room * 2 : 256;
        table->sessions = mem_resize(table->sessions, table->room, sizeof *table->sessions);
    }
    table->numbers++;
    /* One visitor may have several sessions without an id. */
    uint64_t name = hash.low ^ (anonymous ? table->numbers * 0x9e3779b97f4a7c15u : 0);
    table->sessions[table->count] =
        (struct session){.number = table->numbers, .name = name >> 16, .anonymous = anonymous};
    point_to(table, hash, (uint32_t)table->count);
    return (uint32_t)table->count++;
}

static struct hash128 hash_of(enum tag tag, struct buffer *text)
{
    buffer_add_byte(text, (unsigned char)tag);
    struct hash128 hash = hash_128(text->data, text->length);
    if (!hash.low && !hash.high)
        hash.low = 1; /* zero marks a free slot */
    return hash;
}

/* --- what a request tells of its sender
 * ----------------------------------------------------------------- */

struct sender {
    bool has_key, has_visitor, has_connection;
    struct hash128 key, visitor, connection;
    bool sets_key; /* the answer gave the sender this one: */
    struct hash128 set;
};

static void add_role(struct session_table *table, struct request_parser *parser,
                     enum request_role role)
{
    struct slice value;
    if (request_role_value(parser, role, &value) && value.at)
        buffer_add(&table->text, value.at, value.length);
    buffer_add_byte(&table->text, 0);
}

static void find_visitor(struct session_table *table, struct request_parser *parser,
                         struct sender *sender)
{
    sender->has_visitor =
        parser->role[ROLE_ADDRESS] != LOG_NONE || parser->role[ROLE_AGENT] != LOG_NONE;
    sender->has_connection = parser->role[ROLE_CONNECTION] != LOG_NONE;
    buffer_clear(&table->text);
    add_role(table, parser, ROLE_ADDRESS);
    add_role(table, parser, ROLE_AGENT);
    sender->visitor = hash_of(TAG_VISITOR, &table->text);
    add_role(table, parser, ROLE_CONNECTION);
    sender->connection = hash_of(TAG_CONNECTION, &table->text);
}

/* False: the key cannot be known. */
static bool find_sender(struct session_table *table, struct request_parser *parser,
                        struct sender *sender)
{
    memset(sender, 0, sizeof *sender);
    for (size_t i = 0; table->key && i < table->key->count; i++) {
        const struct session_choice *choice = &table->key->choices[i];
        bool present;
        buffer_clear(&table->text);
        if (!sender->has_key) {
            if (!session_choice_value(table->key, choice, parser, false, &table->text, &present))
                return false;
            if (present) {
                sender->has_key = true;
                buffer_add_byte(&table->text, (unsigned char)i);
                sender->key = hash_of(TAG_KEY, &table->text);
            }
        }
        buffer_clear(&table->text);
        if (!sender->sets_key && table->sees_answers) {
            if (!session_choice_value(table->key, choice, parser, true, &table->text, &present))
                return false;
            if (present) {
                sender->sets_key = true;
                buffer_add_byte(&table->text, (unsigned char)i);
                sender->set = hash_of(TAG_KEY, &table->text);
            }
        }
    }
    find_visitor(table, parser, sender);
    return true;
}

/* --- placing
 * ------------------------------------------------------------------------------------------- */

static struct recent *recent_of(struct recent *list, struct hash128 hash)
{
    return &list[hash.low & (RECENT - 1)];
}

/* The session of the last request there, NO_SESSION when that is not known. */
static uint32_t last_session(const struct session_table *table, const struct recent *recent,
                             struct hash128 hash)
{
    if (!recent->session || recent->hash != hash.high || recent->index >= table->count ||
        table->sessions[recent->index].number != recent->session)
        return NO_SESSION;
    return recent->index;
}

static uint32_t join_by_guess(struct session_table *table)
{
    uint64_t number;
    uint32_t index;
    if (!session_guess_join(table->guess, &table->hint, &number, &index) || index >= table->count ||
        table->sessions[index].number != number)
        return NO_SESSION;
    struct session *session = &table->sessions[index];
    session->joined |= session->anonymous;
    session->rotated |= !session->anonymous;
    session->anonymous = false;
    session->guessed = true;
    return index;
}

/* A new id: whose is it? */
static uint32_t join(struct session_table *table, const struct sender *sender,
                     const struct request *request)
{
    if (table->sees_answers)
        return NO_SESSION;
    if (sender->has_visitor) {
        const struct recent *recent = recent_of(table->visitors, sender->visitor);
        uint32_t index = last_session(table, recent, sender->visitor);
        if (index != NO_SESSION) {
            struct session *session = &table->sessions[index];
            if (session->anonymous && session->requests == 1 &&
                request->arrival - session->last < NEAR_TIME) {
                session->anonymous = false;
                session->joined = true;
                point_to(table, sender->visitor, NO_SESSION); /* the next one is another */
                return index;
            }
        }
    }
    if (sender->has_connection) {
        const struct recent *recent = recent_of(table->connections, sender->connection);
        uint32_t index = last_session(table, recent, sender->connection);
        if (index != NO_SESSION && recent->unsafe && !table->sessions[index].anonymous) {
            table->sessions[index].rotated = true;
            return index;
        }
    }
    return table->guess ? join_by_guess(table) : NO_SESSION;
}

static uint32_t place_with_key(struct session_table *table, const struct sender *sender,
                               const struct request *request)
{
    uint32_t index = look_up(table, sender->key);
    if (index != NO_SESSION)
        return index;
    index = join(table, sender, request);
    if (index == NO_SESSION) {
        index = new_session(table, sender->key, false);
        table->sessions[index].began_before = true;
        if (table->guess)
            session_guess_began(table->guess, &table->hint);
    } else {
        point_to(table, sender->key, index);
    }
    return index;
}

static uint32_t place_without_key(struct session_table *table, const struct sender *sender)
{
    if (sender->sets_key) { /* every such answer begins a session of its own */
        uint32_t index = look_up(table, sender->set);
        if (index == NO_SESSION) {
            index = new_session(table, sender->set, false);
            table->sessions[index].joined = true;
        }
        return index;
    }
    /* What another may go on with is a session of its own; its id stands for nobody else. */
    if (!sender->has_visitor && table->guess &&
        session_guess_is_open(table->guess, &table->hint, false)) {
        buffer_clear(&table->text);
        buffer_add_u64(&table->text, table->hint.place);
        return new_session(table, hash_of(TAG_PLACE, &table->text), true);
    }
    if (!sender->has_visitor)
        return NO_SESSION;
    uint32_t index = look_up(table, sender->visitor);
    return index != NO_SESSION ? index : new_session(table, sender->visitor, true);
}

static void count(struct session_table *table, struct session *session,
                  const struct request *request)
{
    session->last_place = ++table->placed;
    session->login_last = table->guess && table->hint.login;
    if (!session->requests || request->arrival < session->first)
        session->first = request->arrival;
    session->requests++;
    session->last = request->arrival;
    if (request->duration > 0)
        request_add_duration(&session->busy, request->duration);
    if (request->reason == REQUEST_GOOD)
        return;
    session->left_out++;
    if (session->taint == REQUEST_GOOD && request->reached_app) {
        session->taint = request->reason;
        session->taint_line = request->line;
        session->taint_file = request->file;
    }
}

static void remember(struct recent *recent, struct hash128 hash, const struct session *session,
                     uint32_t index, bool unsafe)
{
    *recent = (struct recent){
        .hash = hash.high, .session = session->number, .index = index, .unsafe = unsafe};
}

/* Will this request take the room of another id? */
static bool is_new(struct session_table *table, const struct sender *sender)
{
    if (sender->sets_key && look_up(table, sender->set) == NO_SESSION)
        return true;
    if (sender->has_key)
        return look_up(table, sender->key) == NO_SESSION;
    return sender->has_visitor && look_up(table, sender->visitor) == NO_SESSION;
}

static const struct session *place_alone(struct session_table *table, const struct request *request)
{
    table->numbers++;
    table->alone = (struct session){.number = table->numbers,
                                    .name = (table->numbers * 0x9e3779b97f4a7c15u) >> 16,
                                    .anonymous = true};
    count(table, &table->alone, request);
    table->retire(table->data, &table->alone);
    return &table->alone;
}

const struct session *session_place(struct session_table *table, struct request_parser *parser,
                                    struct request *request)
{
    struct sender sender;
    if (!request->reached_app || !request->method.at || request->reason == REQUEST_AMBIGUOUS ||
        request->reason == REQUEST_BAD_ESCAPE)
        return NULL;
    if (!find_sender(table, parser, &sender)) {
        request->reason = REQUEST_AMBIGUOUS;
        return NULL;
    }
    if (table->guess)
        table->hint = session_guess_hint(table->guess, parser, request, table->placed + 1);
    bool full = table->count >= table->most || table->slot_count >= table->most * 4;
    if (full && is_new(table, &sender))
        forget(table);
    uint32_t index = sender.has_key ? place_with_key(table, &sender, request)
                                    : place_without_key(table, &sender);
    if (index == NO_SESSION)
        return place_alone(table, request);
    struct session *session = &table->sessions[index];
    if (sender.sets_key && look_up(table, sender.set) == NO_SESSION) {
        session->rotated |= sender.has_key;
        point_to(table, sender.set, index);
    }
    count(table, session, request);
    if (table->guess)
        session_guess_open(table->guess, &table->hint, sender.has_key, session->number, index);
    bool unsafe = !request_method_is_safe(request->method);
    if (sender.has_visitor)
        remember(recent_of(table->visitors, sender.visitor), sender.visitor, session, index,
                 unsafe);
    if (sender.has_connection)
        remember(recent_of(table->connections, sender.connection), sender.connection, session,
                 index, unsafe);
    return session;
}

void session_table_finish(struct session_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        table->retire(table->data, &table->sessions[i]);
    table->count = 0;
    table->slot_count = 0;
    memset(table->slots, 0, table->slot_room * sizeof *table->slots);
}
