/* See ledger_sum.h. */
#include "ledger_sum.h"

#include "base/buffer.h"
#include "ledger.h"

struct hash128 ledger_sum_add(struct hash128 sum, struct hash128 more)
{
    struct hash128 result = {.low = sum.low + more.low, .high = sum.high + more.high};
    result.high += result.low < sum.low;
    return result;
}

struct hash128 ledger_sum_subtract(struct hash128 sum, struct hash128 less)
{
    struct hash128 result = {.low = sum.low - less.low, .high = sum.high - less.high};
    result.high -= sum.low < less.low;
    return result;
}

bool ledger_sum_equal(struct hash128 one, struct hash128 other)
{
    return one.low == other.low && one.high == other.high;
}

void ledger_sum_write(struct hash128 sum, unsigned char bytes[LEDGER_SUM_SIZE])
{
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(sum.low >> 8 * i);
        bytes[8 + i] = (unsigned char)(sum.high >> 8 * i);
    }
}

struct hash128 ledger_sum_read(const unsigned char bytes[LEDGER_SUM_SIZE])
{
    struct hash128 sum = {0, 0};
    for (unsigned i = 0; i < 8; i++) {
        sum.low |= (uint64_t)bytes[i] << 8 * i;
        sum.high |= (uint64_t)bytes[8 + i] << 8 * i;
    }
    return sum;
}

static void add_sum(struct buffer *text, struct hash128 sum)
{
    buffer_add_u64(text, sum.low);
    buffer_add_u64(text, sum.high);
}

struct hash128 ledger_sum_of_record(const struct ledger_head *head,
                                    const struct ledger_record *record)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add(&text, head->file, LEDGER_FILE_ID_SIZE);
    buffer_add_u64(&text, record->kind_length);
    buffer_add(&text, record->kind, record->kind_length);
    buffer_add_u64(&text, (uint64_t)record->id);
    buffer_add_u64(&text, (uint64_t)record->part);
    buffer_add_u64(&text, record->length);
    add_sum(&text, hash_128(record->bytes, record->length));
    struct hash128 sum = hash_128(text.data, text.length);
    buffer_free(&text);
    return sum;
}

struct hash128 ledger_sum_of_head(const struct ledger_head *head)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_u32(&text, LEDGER_VERSION);
    buffer_add(&text, head->file, LEDGER_FILE_ID_SIZE);
    buffer_add_text(&text, head->purpose);
    buffer_add_u64(&text, (uint64_t)head->records);
    add_sum(&text, head->sum);
    struct hash128 sum = hash_128(text.data, text.length);
    buffer_free(&text);
    return sum;
}
