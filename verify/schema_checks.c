/*
 * See schema_compare.h: the check constraints of two paired tables. They are told by what they say,
 * never by their names.
 */
#include "schema_compare.h"

#include "schema_text.h"

#include <stdlib.h>
#include <string.h>

/* The columns, by their source's names, that a check's form speaks of, as a set of bits. */
static bool same_columns(const struct schema_pair *pair, const char *one, const char *other)
{
    const struct table *table = pair->table[SOURCE];
    for (size_t i = 0; i < table->column_count; i++)
        if (schema_form_has(one, table->columns[i].name) !=
            schema_form_has(other, table->columns[i].name))
            return false;
    return true;
}

/* What the other side's type says without a check: an enum its members, an unsigned number that it
 * is not negative, a boolean that it is one of two, JSON that it is JSON. */
static bool is_said_by_type(const struct schema_pair *pair, enum side side, const char *form)
{
    const struct table *source = pair->table[SOURCE];
    size_t column = NO_COLUMN, partner = NO_COLUMN;
    for (size_t i = 0; i < source->column_count; i++) {
        if (schema_partner(pair, SOURCE, i) == NO_COLUMN ||
            !schema_form_has(form, source->columns[i].name))
            continue;
        if (column != NO_COLUMN)
            return false; /* a type says nothing of two columns */
        column = i;
        partner = schema_partner(pair, SOURCE, i);
    }
    if (column == NO_COLUMN)
        return false;
    const struct type *other = side == SOURCE ? &pair->table[TARGET]->columns[partner].type
                                              : &source->columns[column].type;
    size_t length = strlen(source->columns[column].name);
    bool positive = strncmp(form, source->columns[column].name, length) == 0 &&
                    strcmp(form + length, " >= 0") == 0;
    return other->class == TYPE_ENUM || other->class == TYPE_SET || other->class == TYPE_BOOL ||
           other->class == TYPE_JSON || (other->is_unsigned && positive);
}

/* Does it speak of a column that is not compared, or that the other side has not? */
static bool speaks_of_others(const struct schema_pair *pair, enum side side, const char *text)
{
    struct buffer form = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool others = false;
    schema_normal_form(text, NULL, NULL, &form);
    for (size_t i = 0; i < pair->table[side]->column_count && !others; i++)
        others = schema_partner(pair, side, i) == NO_COLUMN &&
                 schema_form_has((const char *)form.data, pair->table[side]->columns[i].name);
    buffer_free(&form);
    return others;
}

struct forms {
    char **form[SIDES];
    bool *used[SIDES];
};

static void report_other_check(struct schema_pair *pair, const struct check *source,
                               const struct check *target)
{
    struct schema_finding finding = {.kind = "check", .side = TARGET, .column = NO_COLUMN};
    finding.value[SOURCE] = source->text;
    finding.value[TARGET] = target->text;
    finding.text = schema_print(pair,
                                "the check %s is %s in the source and %s in the target, which may "
                                "or may not be the same",
                                target->name, source->text, target->text);
    schema_add(pair, &finding, NULL);
}

static void report_check(struct schema_pair *pair, enum side side, const struct check *check)
{
    struct schema_finding finding = {.kind = "check", .side = TARGET, .column = NO_COLUMN};
    finding.value[side] = check->text;
    finding.text =
        side == SOURCE
            ? schema_print(pair, "the target lacks the check %s: %s", check->name, check->text)
            : schema_print(pair, "the target's check %s is not in the source, which takes more: %s",
                           check->name, check->text);
    schema_add(pair, &finding, NULL);
}

static void compare_same_check(struct schema_pair *pair, const struct check *source,
                               const struct check *target)
{
    bool enforced = source->not_enforced || !target->not_enforced;
    if (enforced && (source->not_validated || !target->not_validated))
        return;
    struct schema_finding finding = {.kind = "check", .side = TARGET, .column = NO_COLUMN};
    finding.value[SOURCE] = source->text;
    finding.value[TARGET] = target->text;
    finding.text = schema_print(pair, "the check %s of the target %s: %s", target->name,
                                enforced ? "was never validated" : "is not enforced", target->text);
    struct mend mend = {.kind = MEND_VALIDATE, .table = pair->table[TARGET], .name = target->name};
    schema_add(pair, &finding, enforced ? &mend : NULL);
}

/* Pairs what has the same form first, then what is about the same columns. */
static void pair_checks(struct schema_pair *pair, struct forms *forms, bool exact)
{
    const struct table_definition *source = pair->definition[SOURCE];
    const struct table_definition *target = pair->definition[TARGET];
    for (size_t s = 0; s < source->check_count; s++)
        for (size_t t = 0; t < target->check_count && !forms->used[SOURCE][s]; t++) {
            const char *one = forms->form[SOURCE][s], *other = forms->form[TARGET][t];
            bool same = strcmp(one, other) == 0 &&
                        schema_same_structure(source->checks[s].text, target->checks[t].text);
            if (forms->used[TARGET][t] || !(exact ? same : same_columns(pair, one, other)))
                continue;
            forms->used[SOURCE][s] = forms->used[TARGET][t] = true;
            if (exact)
                compare_same_check(pair, &source->checks[s], &target->checks[t]);
            else
                report_other_check(pair, &source->checks[s], &target->checks[t]);
        }
}

void schema_compare_checks(struct schema_pair *pair)
{
    struct forms forms;
    for (int side = 0; side < SIDES; side++) {
        const struct table_definition *definition = pair->definition[side];
        forms.form[side] = mem_zero(definition->check_count + 1, sizeof(char *));
        forms.used[side] = mem_zero(definition->check_count + 1, sizeof(bool));
        for (size_t i = 0; i < definition->check_count; i++) {
            const char *text = definition->checks[i].text;
            forms.form[side][i] = schema_form(pair, (enum side)side, text);
            forms.used[side][i] = speaks_of_others(pair, (enum side)side, text);
        }
    }
    pair_checks(pair, &forms, true);
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; i < pair->definition[side]->check_count; i++)
            forms.used[side][i] =
                forms.used[side][i] || is_said_by_type(pair, (enum side)side, forms.form[side][i]);
    pair_checks(pair, &forms, false);
    for (int side = 0; side < SIDES; side++) {
        const struct table_definition *definition = pair->definition[side];
        for (size_t i = 0; i < definition->check_count; i++) {
            if (!forms.used[side][i])
                report_check(pair, (enum side)side, &definition->checks[i]);
            free(forms.form[side][i]);
        }
        free(forms.form[side]);
        free(forms.used[side]);
    }
}
