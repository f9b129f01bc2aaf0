/*
 * The mapping file: what a good one says, field by field, and what is said about a bad one. A good
 * mapping is printed by describe(), one line for everything it holds with the place it came from,
 * so that a case is two texts.
 */
#include "../../diff/base/buffer.h"
#include "../../verify/engine.h"
#include "../../verify/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TEXT(literal) literal, sizeof(literal) - 1

/* ---- a mapping as text ---- */

static void describe_mark(struct buffer *out, struct mark mark)
{
    buffer_printf(out, "@%d:%d", mark.line, mark.column);
}

static void describe_text(struct buffer *out, const char *name, const char *text)
{
    if (text)
        buffer_printf(out, " %s=%s", name, text);
}

static void describe_number(struct buffer *out, const char *name, int number, struct mark mark)
{
    if (number < 0)
        return;
    buffer_printf(out, " %s=%d", name, number);
    describe_mark(out, mark);
}

static void describe_options(struct buffer *out, const struct column_options *options)
{
    static const char *const units[] = {"", "abs", "digits", "ulp", "seconds"};
    describe_text(out, "kind", options->kind);
    if (options->kind)
        describe_mark(out, options->kind_mark);
    describe_text(out, "zone", options->zone_any);
    describe_text(out, "source_zone", options->zone[SOURCE]);
    describe_text(out, "target_zone", options->zone[TARGET]);
    if (options->zone_any || options->zone[SOURCE] || options->zone[TARGET])
        describe_mark(out, options->zone_mark);
    describe_number(out, "precision", options->precision, options->precision_mark);
    if (options->tolerance != TOLERANCE_NONE) {
        buffer_printf(out, " %s=%s", units[options->tolerance], options->tolerance_amount);
        describe_mark(out, options->tolerance_mark);
    }
    describe_number(out, "zero_date_null", options->zero_date_null, options->leniency_mark);
    describe_number(out, "strip", options->strip_zero_padding, options->leniency_mark);
    describe_number(out, "swapped", options->swapped, options->leniency_mark);
    describe_text(out, "separator", options->separator);
    if (options->separator)
        describe_mark(out, options->separator_mark);
    describe_number(out, "ignore", options->ignore, options->ignore_mark);
    describe_number(out, "mask", options->mask, options->mask_mark);
    describe_text(out, "ids", options->ids);
    if (options->ids)
        describe_mark(out, options->ids_mark);
}

static void describe_names(struct buffer *out, const char *what, const struct mapping_name *names,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_printf(out, "%s %s ", what, names[i].name);
        describe_mark(out, names[i].mark);
        buffer_add_text(out, "\n");
    }
}

static void describe_table(struct buffer *out, const struct mapping_table *table)
{
    buffer_printf(out, "table %s ", table->source);
    describe_mark(out, table->mark);
    describe_text(out, "target", table->target);
    describe_text(out, "source_where", table->where[SOURCE]);
    describe_text(out, "target_where", table->where[TARGET]);
    if (table->where_mark.line)
        describe_mark(out, table->where_mark);
    describe_text(out, "ids", table->ids);
    if (table->ids)
        describe_mark(out, table->ids_mark);
    buffer_add_text(out, "\n");
    describe_names(out, "  key", table->key, table->key_count);
    describe_names(out, "  ignore", table->ignore, table->ignore_count);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct mapping_column *column = &table->columns[i];
        buffer_printf(out, "  column %s ", column->name);
        describe_mark(out, column->mark);
        describe_text(out, "target", column->target);
        describe_text(out, "source_expr", column->expression[SOURCE]);
        describe_text(out, "target_expr", column->expression[TARGET]);
        describe_options(out, &column->options);
        buffer_add_text(out, "\n");
    }
}

static void describe(struct buffer *out, const struct mapping *mapping)
{
    for (size_t i = 0; i < mapping->schema_count; i++) {
        const struct mapping_schema *schema = &mapping->schemas[i];
        buffer_printf(out, "schema %s ", schema->source);
        describe_mark(out, schema->mark);
        buffer_printf(out, " target=%s\n", schema->target);
    }
    describe_names(out, "exclude", mapping->exclude, mapping->exclude_count);
    for (size_t i = 0; i < mapping->rule_count; i++) {
        const struct mapping_rule *rule = &mapping->rules[i];
        buffer_add_text(out, "rule ");
        describe_mark(out, rule->mark);
        describe_text(out, "table", rule->table);
        describe_text(out, "column", rule->column);
        describe_text(out, "source_type", rule->types[SOURCE]);
        describe_text(out, "target_type", rule->types[TARGET]);
        describe_options(out, &rule->options);
        buffer_add_text(out, "\n");
    }
    for (size_t i = 0; i < mapping->table_count; i++)
        describe_table(out, &mapping->tables[i]);
}

/* ---- good mappings ---- */

static const struct {
    const char *why, *yaml, *described;
} good[] = {
    {"the worked example of mapping.h",
     "schemas: {hotel: public}\n"
     "exclude: [tmp_*, \"*_backup\"]\n"
     "rules:\n"
     "  - types: {source: binary(14), target: timestamptz}\n"
     "    kind: instant\n"
     "    zone: Europe/Paris\n"
     "  - {column: \"*_at\", precision: 0}\n"
     "  - {table: \"log_*\", column: price, tolerance: {abs: 0.005}}\n"
     "tables:\n"
     "  chambres: rooms\n"
     "  reservations:\n"
     "    target: public.bookings\n"
     "    key: [numero]\n"
     "    where: {source: \"annule = 0\", target: \"NOT cancelled\"}\n"
     "    ignore: [note_interne]\n"
     "    columns:\n"
     "      prix: price\n"
     "      cree_le: {target: created_at, zone: Europe/Paris}\n"
     "      paye: {target: paid, kind: bool}\n"
     "      tags: {target: tags, kind: array, separator: \",\"}\n"
     "      nom: {source_expr: \"concat(prenom, ' ', nom)\", target: full_name}\n",
     "schema hotel @1:11 target=public\n"
     "exclude tmp_* @2:11\n"
     "exclude *_backup @2:18\n"
     "rule @4:5 source_type=binary(14) target_type=timestamptz kind=instant@5:5 "
     "zone=Europe/Paris@6:5\n"
     "rule @7:5 column=*_at precision=0@7:22\n"
     "rule @8:5 table=log_* column=price abs=0.005@8:37\n"
     "table chambres @10:3 target=rooms\n"
     "table reservations @11:3 target=public.bookings source_where=annule = 0 "
     "target_where=NOT cancelled@14:5\n"
     "  key numero @13:11\n"
     "  ignore note_interne @15:14\n"
     "  column prix @17:7 target=price\n"
     "  column cree_le @18:7 target=created_at zone=Europe/Paris@18:37\n"
     "  column paye @19:7 target=paid kind=bool@19:28\n"
     "  column tags @20:7 target=tags kind=array@20:28 separator=,@20:41\n"
     "  column nom @21:7 target=full_name source_expr=concat(prenom, ' ', nom)\n"},
    {"every option of a column",
     "tables:\n"
     "  t:\n"
     "    columns:\n"
     "      a:\n"
     "        target: b\n"
     "        target_expr: lower(b)\n"
     "        zone: {source: UTC, target: Europe/Paris}\n"
     "        precision: 6\n"
     "        tolerance: {digits: 7}\n"
     "        zero_date: null\n"
     "        ignore: false\n"
     "      b: {strip_zero_padding: true, tolerance: {ulp: 0}}\n"
     "      c: {swapped: true, mask: true, zone: {target: UTC}, ids: a}\n"
     "    ids: none\n",
     "table t @2:3 ids=none@14:5\n"
     "  column a @4:7 target=b target_expr=lower(b) source_zone=UTC target_zone=Europe/Paris@7:9 "
     "precision=6@8:9 digits=7@9:9 zero_date_null=1@10:9 ignore=0@11:9\n"
     "  column b @12:7 ulp=0@12:37 strip=1@12:11\n"
     "  column c @13:7 target_zone=UTC@13:38 swapped=1@13:11 mask=1@13:26 ids=a@13:59\n"},
    {"an empty file is an empty mapping", "", ""},
    {"so is one that has comments only", "# nothing yet\n\n# tables:\n", ""},
    {"so is a document marker", "---\n", ""},
    {"so is null", "--- ~\n...\n", ""},
    {"so is {}", "{}", ""},
    {"sections may be empty, also by a null",
     "schemas:\nexclude: ~\nrules: []\ntables:\n  t:\n    ignore:\n    columns: null\n",
     "table t @5:3\n"},
    {"what YAML takes for booleans, nulls and numbers are names where a name stands",
     "schemas: {on: 'off'}\n"
     "exclude: [no, ~, 0x1F, 2024-01-31]\n"
     "tables:\n"
     "  2024: 2025\n"
     "  ~: null\n"
     "  n:\n"
     "    key: [y, 1.50]\n"
     "    columns: {no: yes, null: \"no\", ~: ~, true: {target: false}}\n",
     "schema on @1:11 target=off\n"
     "exclude no @2:11\n"
     "exclude ~ @2:15\n"
     "exclude 0x1F @2:18\n"
     "exclude 2024-01-31 @2:24\n"
     "table 2024 @4:3 target=2025\n"
     "table ~ @5:3 target=null\n"
     "table n @6:3\n"
     "  key y @7:11\n"
     "  key 1.50 @7:14\n"
     "  column no @8:15 target=yes\n"
     "  column null @8:24 target=no\n"
     "  column ~ @8:36 target=~\n"
     "  column true @8:42 target=false\n"},
    {"a column or table with nothing behind it is paired by name",
     "tables:\n  t:\n  u:\n    columns:\n      price:\n      paid: {}\n",
     "table t @2:3\ntable u @3:3\n  column price @5:7\n  column paid @6:7\n"},
    {"the booleans of YAML 1.1",
     "tables:\n  t:\n    columns:\n      a: {ignore: yes}\n      b: {ignore: Off}\n"
     "      c: {ignore: TRUE}\n      d: {ignore: no}\n      e: {ignore: 'on'}\n",
     "table t @2:3\n  column a @4:7 ignore=1@4:11\n  column b @5:7 ignore=0@5:11\n"
     "  column c @6:7 ignore=1@6:11\n  column d @7:7 ignore=0@7:11\n"
     "  column e @8:7 ignore=1@8:11\n"},
    {"zero_date as the word in quotes", "rules: [{zero_date: \"null\"}]",
     "rule @1:9 zero_date_null=1@1:10\n"},
    {"a condition for both sides, over several lines",
     "tables:\n  t:\n    where: >-\n      day >\n      '2024-01-01'\n",
     "table t @2:3 source_where=day > '2024-01-01' target_where=day > '2024-01-01'@3:5\n"},
    {"a condition for one side", "tables: {t: {where: {source: a > 1}}}",
     "table t @1:10 source_where=a > 1@1:14\n"},
    {"how amounts may be written",
     "rules:\n- tolerance: {abs: .5}\n- tolerance: {abs: 1e-9}\n- tolerance: {abs: 0}\n"
     "- tolerance: {digits: 100}\n- tolerance: {ulp: 1000000000}\n- tolerance: {seconds: 2.5}\n",
     "rule @2:3 abs=.5@2:3\nrule @3:3 abs=1e-9@3:3\nrule @4:3 abs=0@4:3\n"
     "rule @5:3 digits=100@5:3\nrule @6:3 ulp=1000000000@6:3\nrule @7:3 seconds=2.5@7:3\n"},
    {"a rule without a condition holds for every column", "rules: [{precision: 3}]",
     "rule @1:9 precision=3@1:10\n"},
    {"an alias stands for its anchor, whose place it keeps",
     "rules:\n- &paris {column: a, zone: UTC}\n- *paris\n"
     "tables: {t: {columns: {a: &o {kind: bool}, b: *o}}}\n",
     "rule @2:3 column=a zone=UTC@2:22\nrule @2:3 column=a zone=UTC@2:22\n"
     "table t @4:10\n  column a @4:24 kind=bool@4:31\n  column b @4:44 kind=bool@4:31\n"},
    {"names of any script, and columns counted in characters",
     "tables: {réservé: 予約, \"a b\": '`x`'}",
     "table réservé @1:10 target=予約\n"
     "table a b @1:23 target=`x`\n"},
    {"a byte order mark, Windows line ends and tabs that indent nothing",
     "\xEF\xBB\xBFtables:\r\n  t:\t# a comment\r\n    columns: {a: {separator: \"\\t\"}}\r\n",
     "table t @2:3\n  column a @3:15 separator=\t@3:19\n"},
    {"\"<<\" in quotes is a name", "tables: {\"<<\": t}", "table << @1:10 target=t\n"},
};

static void a_good_mapping_is_read_field_by_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct mapping mapping;
        struct err err = {0};
        struct buffer described = BUFFER_INIT(BUFFER_NO_LIMIT);
        print_message("- %s\n", good[i].why);
        if (!mapping_parse("m.yml", good[i].yaml, strlen(good[i].yaml), &mapping, &err))
            fail_msg("refused: %s", err.text);
        describe(&described, &mapping);
        assert_string_equal((char *)described.data, good[i].described);
        assert_string_equal(mapping.path, "m.yml");
        buffer_free(&described);
        mapping_free(&mapping);
    }
}

/* ---- bad mappings ---- */

static const struct {
    const char *yaml;
    size_t length;
    const char *sentence; /* behind "m.yml:" */
} bad[] = {
    /* keys: unknown, repeated, not texts */
    {TEXT("tabels: {}"), "1:1: unknown key \"tabels\"; did you mean \"tables\"?"},
    {TEXT("colour: 1"),
     "1:1: unknown key \"colour\"; known here: schemas, exclude, rules and tables"},
    {TEXT("exclude: []\nrules: []\nexclude: []\n"),
     "3:1: the key \"exclude\" is repeated; it stands on line 1 already"},
    {TEXT("tables:\n  t: a\n  u: b\n  \"t\": c\n"),
     "4:3: the key \"t\" is repeated; it stands on line 2 already"},
    {TEXT("tables:\n  t:\n    columns:\n      a: b\n      a: c\n"),
     "5:7: the key \"a\" is repeated; it stands on line 4 already"},
    {TEXT("tables:\n  t: {key: [a, b, a]}\n"),
     "2:19: the column \"a\" is repeated; it stands on line 2 already"},
    {TEXT("rules:\n- {zone: UTC, zone: UTC}\n"),
     "2:15: the key \"zone\" is repeated; it stands on line 2 already"},
    {TEXT("rules:\n- {column: a, zonne: UTC}\n"),
     "2:15: unknown key \"zonne\"; did you mean \"zone\"?"},
    {TEXT("rules:\n- {column: a, zero-date: null}\n"),
     "2:15: unknown key \"zero-date\"; did you mean \"zero_date\"?"},
    {TEXT("rules:\n- {colunm: a, kind: bool}\n"),
     "2:4: unknown key \"colunm\"; did you mean \"column\"?"},
    {TEXT("tables: {t: {colums: {}}}"), "1:14: unknown key \"colums\"; did you mean \"columns\"?"},
    {TEXT("tables: {t: {columns: {a: {source: b}}}}"),
     "1:28: unknown key \"source\"; did you mean \"source_expr\"?"},
    {TEXT("tables: {t: {where: {soruce: b}}}"),
     "1:22: unknown key \"soruce\"; did you mean \"source\"?"},
    {TEXT("rules: [{tolerance: {percent: 1}}]"),
     "1:22: unknown key \"percent\"; known here: abs, digits, ulp and seconds"},
    {TEXT("? [a]\n: b\n"), "1:3: a key must be a text, not a list"},
    {TEXT("? {a: b}\n: b\n"), "1:3: a key must be a text, not a mapping"},
    {TEXT("tables:\n  \"\": t\n"), "2:3: this key is empty"},
    {TEXT("tables: {\"a\\0b\": t}"), "1:10: this key holds a NUL character"},
    {TEXT("rules:\n- <<: {zone: UTC}\n"),
     "2:3: merge keys (<<) are not supported; repeat the options, or write a rule"},
    {TEXT("\"a\\nb\\x1b\": 1"),
     "1:1: unknown key \"a\\x0Ab\\x1B\"; known here: schemas, exclude, rules and tables"},
    {TEXT(
         "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\": 1"),
     "1:1: unknown key \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\"; known "
     "here: schemas, exclude, rules and tables"},
    /* values of another shape */
    {TEXT("- a\n"),
     "1:1: a mapping file needs the keys schemas, exclude, rules or tables, not a list"},
    {TEXT("just text"),
     "1:1: a mapping file needs the keys schemas, exclude, rules or tables, not a text"},
    {TEXT("schemas: hotel"), "1:10: \"schemas\" needs a mapping of schemas, not a text"},
    {TEXT("schemas: {hotel: }"),
     "1:18: \"hotel\" needs the name of a schema of the target, not an empty value"},
    {TEXT("schemas: {hotel: [a]}"),
     "1:18: \"hotel\" needs the name of a schema of the target, not a list"},
    {TEXT("exclude: tmp_*\n"), "1:10: \"exclude\" needs a list of patterns, not a text"},
    {TEXT("exclude: [a, [b]]\n"), "1:14: each item needs a text, not a list"},
    {TEXT("exclude:\n- a\n-\n"), "3:2: each item needs a text, not an empty value"},
    {TEXT("exclude: {a: b}"), "1:10: \"exclude\" needs a list of patterns, not a mapping"},
    {TEXT("rules: {column: a}\n"), "1:8: \"rules\" needs a list of rules, not a mapping"},
    {TEXT("rules: [a]"), "1:9: a rule needs a mapping of conditions and options, not a text"},
    {TEXT("rules: [{}]"), "1:9: this rule has no option, so it changes nothing"},
    {TEXT("rules:\n- {table: t, types: {source: a}}\n"),
     "2:3: this rule has no option, so it changes nothing"},
    {TEXT("rules: [{types: json, kind: json}]"),
     "1:17: \"types\" needs {source: …, target: …}, not a text"},
    {TEXT("rules: [{types: {}, kind: json}]"), "1:17: \"types\" needs {source: …, target: …}"},
    {TEXT("rules: [{column: [a], kind: json}]"), "1:18: \"column\" needs a pattern, not a list"},
    {TEXT("tables: [a, b]"), "1:9: \"tables\" needs a mapping of tables, not a list"},
    {TEXT("tables: {t: [a]}"),
     "1:13: \"t\" needs the target's name of the table, or a mapping of its options, not a list"},
    {TEXT("tables: {t: \"\"}"), "1:13: this text is empty"},
    {TEXT("tables: {t: {target: }}"),
     "1:22: \"target\" needs the name of a table, not an empty value"},
    {TEXT("tables: {t: {target: {a: b}}}"),
     "1:22: \"target\" needs the name of a table, not a mapping"},
    {TEXT("tables: {t: {key: id}}"), "1:19: \"key\" needs a list of columns, not a text"},
    {TEXT("tables: {t: {key: []}}"), "1:19: \"key\" needs one column at least"},
    {TEXT("tables: {t: {key: }}"), "1:19: \"key\" needs a list of columns, not an empty value"},
    {TEXT("tables: {t: {where: [a]}}"),
     "1:21: \"where\" needs a SQL condition, or {source: …, target: …}, not a list"},
    {TEXT("tables: {t: {where: {}}}"),
     "1:21: \"where\" needs a SQL condition, or {source: …, target: …}"},
    {TEXT("tables: {t: {where: }}"),
     "1:21: \"where\" needs a SQL condition, or {source: …, target: …}, not an empty value"},
    {TEXT("tables: {t: {ignore: a}}"), "1:22: \"ignore\" needs a list of columns, not a text"},
    {TEXT("tables: {t: {columns: a}}"), "1:23: \"columns\" needs a mapping of columns, not a text"},
    {TEXT("tables: {t: {columns: [a]}}"),
     "1:23: \"columns\" needs a mapping of columns, not a list"},
    {TEXT("tables: {t: {columns: {a: [b]}}}"),
     "1:27: \"a\" needs the target's name of the column, or a mapping of its options, not a list"},
    {TEXT("tables: {t: {columns: {a: {source_expr: {}}}}}"),
     "1:41: \"source_expr\" needs a SQL expression, not a mapping"},
    /* values that are not what the option needs */
    {TEXT("rules: [{kind: bol}]"), "1:16: unknown kind \"bol\"; did you mean \"bool\"?"},
    {TEXT("rules: [{kind: Bool}]"), "1:16: unknown kind \"Bool\"; did you mean \"bool\"?"},
    {TEXT("rules: [{kind: boolean}]"), "1:16: unknown kind \"boolean\"; did you mean \"bool\"?"},
    {TEXT("rules: [{kind: xyz}]"),
     "1:16: unknown kind \"xyz\"; known here: bool, number, float, text, bytes, date, time, "
     "datetime, instant, json, uuid, bits, set, array, interval, inet and geometry"},
    {TEXT("rules: [{kind: none}]"),
     "1:16: unknown kind \"none\"; known here: bool, number, float, text, bytes, date, time, "
     "datetime, instant, json, uuid, bits, set, array, interval, inet and geometry"},
    {TEXT("rules: [{kind: }]"), "1:16: \"kind\" needs the name of a kind, not an empty value"},
    {TEXT("rules: [{kind: [bool]}]"), "1:16: \"kind\" needs the name of a kind, not a list"},
    {TEXT("rules: [{precision: 7}]"),
     "1:21: \"precision\" needs a whole number from 0 to 6, not \"7\""},
    {TEXT("rules: [{precision: -1}]"),
     "1:21: \"precision\" needs a whole number from 0 to 6, not \"-1\""},
    {TEXT("rules: [{precision: 06}]"),
     "1:21: \"precision\" needs a whole number from 0 to 6, not \"06\""},
    {TEXT("rules: [{precision: 1.0}]"),
     "1:21: \"precision\" needs a whole number from 0 to 6, not \"1.0\""},
    {TEXT("rules: [{precision: \"\"}]"),
     "1:21: \"precision\" needs a whole number from 0 to 6, not \"\""},
    {TEXT("rules: [{precision: }]"),
     "1:21: \"precision\" needs a whole number from 0 to 6, not an empty value"},
    {TEXT("rules: [{precision: \"3\\0\"}]"), "1:21: this text holds a NUL character"},
    {TEXT("rules: [{tolerance: 0.1}]"),
     "1:21: \"tolerance\" needs exactly one of {abs: N}, {digits: N} and {ulp: N}, not a text"},
    {TEXT("rules: [{tolerance: {}}]"),
     "1:21: \"tolerance\" needs exactly one of {abs: N}, {digits: N} and {ulp: N}"},
    {TEXT("rules: [{tolerance: {abs: 1, ulp: 2}}]"),
     "1:21: \"tolerance\" needs exactly one of {abs: N}, {digits: N} and {ulp: N}"},
    {TEXT("rules: [{tolerance: {abs: -1}}]"),
     "1:27: \"abs\" needs a decimal number that is not negative, not \"-1\""},
    {TEXT("rules: [{tolerance: {abs: .inf}}]"),
     "1:27: \"abs\" needs a decimal number that is not negative, not \".inf\""},
    {TEXT("rules: [{tolerance: {abs: 1e999}}]"),
     "1:27: \"abs\" needs a decimal number that is not negative, not \"1e999\""},
    {TEXT("rules: [{tolerance: {abs: 1e}}]"),
     "1:27: \"abs\" needs a decimal number that is not negative, not \"1e\""},
    {TEXT("rules: [{tolerance: {abs: .}}]"),
     "1:27: \"abs\" needs a decimal number that is not negative, not \".\""},
    {TEXT("rules: [{tolerance: {abs: 0x10}}]"),
     "1:27: \"abs\" needs a decimal number that is not negative, not \"0x10\""},
    {TEXT("rules: [{tolerance: {abs: 1_000}}]"),
     "1:27: \"abs\" needs a decimal number that is not negative, not \"1_000\""},
    {TEXT("rules: [{tolerance: {abs: nan}}]"),
     "1:27: \"abs\" needs a decimal number that is not negative, not \"nan\""},
    {TEXT("rules: [{tolerance: {abs: \"1,5\"}}]"),
     "1:27: \"abs\" needs a decimal number that is not negative, not \"1,5\""},
    {TEXT("rules: [{tolerance: {digits: 0}}]"),
     "1:30: \"digits\" needs a whole number from 1 to 100, not \"0\""},
    {TEXT("rules: [{tolerance: {digits: 101}}]"),
     "1:30: \"digits\" needs a whole number from 1 to 100, not \"101\""},
    {TEXT("rules: [{tolerance: {digits: 2.5}}]"),
     "1:30: \"digits\" needs a whole number from 1 to 100, not \"2.5\""},
    {TEXT("rules: [{tolerance: {ulp: 99999999999999999999}}]"),
     "1:27: \"ulp\" needs a whole number from 0 to 1000000000, not \"99999999999999999999\""},
    {TEXT("rules: [{tolerance: {ulp: -1}}]"),
     "1:27: \"ulp\" needs a whole number from 0 to 1000000000, not \"-1\""},
    {TEXT("rules: [{zero_date: true}]"), "1:21: \"zero_date\" needs the word null, not \"true\""},
    {TEXT("rules: [{zero_date: }]"), "1:21: \"zero_date\" needs the word null, not an empty value"},
    {TEXT("rules: [{ignore: maybe}]"), "1:18: \"ignore\" needs true or false, not \"maybe\""},
    {TEXT("rules: [{ignore: 1}]"), "1:18: \"ignore\" needs true or false, not \"1\""},
    {TEXT("rules: [{ignore: }]"), "1:18: \"ignore\" needs true or false, not an empty value"},
    {TEXT("rules: [{swapped: y}]"), "1:19: \"swapped\" needs true or false, not \"y\""},
    {TEXT("rules: [{strip_zero_padding: null}]"),
     "1:30: \"strip_zero_padding\" needs true or false, not \"null\""},
    {TEXT("rules: [{separator: \"\"}]"), "1:21: this text is empty"},
    {TEXT("rules: [{separator: }]"), "1:21: \"separator\" needs a text, not an empty value"},
    {TEXT("rules: [{separator: \"\\0\"}]"), "1:21: this text holds a NUL character"},
    {TEXT("rules: [{zone: {}}]"), "1:16: \"zone\" needs a time zone, or {source: …, target: …}"},
    {TEXT("rules: [{zone: [UTC]}]"),
     "1:16: \"zone\" needs a time zone, or {source: …, target: …}, not a list"},
    {TEXT("rules: [{zone: {source: }}]"), "1:25: \"source\" needs a time zone, not an empty value"},
    {TEXT("rules: [{zone: Mars/Olympus}]"),
     "1:16: the tz database (/usr/share/zoneinfo) has no time zone \"Mars/Olympus\""},
    {TEXT("rules: [{zone: {target: Mars/Olympus}}]"),
     "1:25: the tz database (/usr/share/zoneinfo) has no time zone \"Mars/Olympus\""},
    /* what is not YAML, or not one plain document */
    {TEXT("tables:\n\tt: a\n"), "2:1: a tab cannot indent YAML; use spaces"},
    {TEXT("tables:\n  t: a\n\tu: b\n"), "3:1: a tab cannot indent YAML; use spaces"},
    {TEXT("tables:\n  t:\n    where: |\n\ta\n"), "4:1: a tab cannot indent YAML; use spaces"},
    {TEXT("tables:\n  t: a\n u: b\n"), "3:2: not YAML: did not find expected key while parsing a "
                                       "block mapping that begins on line 1"},
    {TEXT("tables: {t: a\n"), "2:1: not YAML: did not find expected ',' or '}' while parsing a "
                              "flow mapping that begins on line 1"},
    {TEXT("tables: [a, b"), "2:1: not YAML: did not find expected ',' or ']' while parsing a flow "
                            "sequence that begins on line 1"},
    {TEXT("tables: \"a\n"), "2:1: not YAML: found unexpected end of stream while scanning a quoted "
                            "scalar that begins on line 1"},
    {TEXT("tables: t: a\n"), "1:10: no key may stand here; check the indentation, or put the text "
                             "with the colon in quotes"},
    {TEXT("exclude: [*_backup]"),
     "1:11: no anchor has the name of this alias; a pattern that begins with * needs quotes"},
    {TEXT("exclude: [*]"),
     "1:12: the * before this begins an alias; a pattern that begins with * needs quotes"},
    {TEXT("exclude:\n- *.bak\n"),
     "2:4: the * before this begins an alias; a pattern that begins with * needs quotes"},
    {TEXT("exclude: [@x]"), "1:11: this character cannot begin a text without quotes"},
    {TEXT("exclude: [`x`]"), "1:11: this character cannot begin a text without quotes"},
    {TEXT("exclude: [%x]"), "1:11: this character cannot begin a text without quotes"},
    {TEXT("%FOO\n--- {}"), "1:5: not YAML: found unknown directive name while scanning a directive "
                           "that begins on line 1"},
    {TEXT("rules:\n- &a {kind: bool}\n- &a {kind: bool}\n"),
     "3:3: not YAML: second occurrence found duplicate anchor; first occurrence that begins on "
     "line 2"},
    {TEXT("a: \"\\q\""), "1:5: not YAML: found unknown escape character while parsing a quoted "
                         "scalar that begins on line 1"},
    {TEXT("--- {}\n--- {}\n"), "2:1: a second YAML document begins here; a mapping file holds one"},
    {TEXT("tables: {}\n---\ntables: {}\n"),
     "2:1: a second YAML document begins here; a mapping file holds one"},
    {TEXT("tables: {}\n...\nrules: []\n"),
     "3:1: the YAML document has ended before this; a mapping file holds one"},
    {TEXT("---\n---\n"), "2:1: a second YAML document begins here; a mapping file holds one"},
    {TEXT("tables: !!map {}"), "1:9: YAML tags have no meaning in a mapping; a name needs none"},
    {TEXT("tables: {t: !!str no}"),
     "1:13: YAML tags have no meaning in a mapping; a name needs none"},
    {TEXT("%TAG !e! x\n---\n{}"), "1:1: YAML tags have no meaning in a mapping; a name needs none"},
    {TEXT("\000"), "1:1: this is a NUL byte; a mapping is a text file"},
    {TEXT("tables:\n  a\000b: c"), "2:4: this is a NUL byte; a mapping is a text file"},
    {TEXT("tables:\n  \351t\351: c"), "2:3: the byte 0xE9 is not UTF-8 text"},
    {TEXT("tables:\n  \303\251: \377"), "2:6: the byte 0xFF is not UTF-8 text"},
    {TEXT("\377\376t\000"), "1:1: the byte 0xFF is not UTF-8 text"},
    {TEXT("tables: {a: \033}"), "1:13: the character U+001B is not allowed in YAML; write it as an "
                                "escape in double quotes, if it is meant"},
    {TEXT("tables: {a: \355\240\200}"), "1:13: the byte 0xED is not UTF-8 text"},
    {TEXT("a: \303"), "1:4: the byte 0xC3 is not UTF-8 text"},
    /* aliases that contain themselves */
    {TEXT("&a {tables: *a}"),
     "1:5: unknown key \"tables\"; known here: target, key, where, ignore, ids and columns"},
    {TEXT("tables: &a {t: {columns: *a}}"),
     "1:17: unknown key \"columns\"; known here: target, source_expr, target_expr, kind, zone, "
     "precision, tolerance, zero_date, strip_zero_padding, swapped, separator, ignore, mask and "
     "ids"},
    {TEXT("rules: &r [*r]"), "1:8: a rule needs a mapping of conditions and options, not a list"},
    {TEXT("tables: {t: {columns: &c {a: *c}}}"),
     "1:27: unknown key \"a\"; known here: target, source_expr, target_expr, kind, zone, "
     "precision, tolerance, zero_date, strip_zero_padding, swapped, separator, ignore, mask and "
     "ids"},
    {TEXT("tables: {*x : y}"),
     "1:10: no anchor has the name of this alias; a pattern that begins with * needs quotes"},
};

static void assert_refused(const char *yaml, size_t length, const char *sentence)
{
    struct mapping mapping;
    struct err err = {0};
    /* A copy of the exact size, so that the sanitizer sees a read beyond the end. */
    char *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, yaml, length);
    if (mapping_parse("m.yml", copy, length, &mapping, &err))
        fail_msg("accepted: %s", yaml);
    assert_string_equal(err.text, sentence);
    assert_int_equal(err.code, ERR_USAGE);
    assert_int_equal(mapping.table_count + mapping.rule_count + mapping.exclude_count, 0);
    mapping_free(&mapping);
    free(copy);
}

static void a_bad_mapping_is_refused_with_its_place_and_one_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        char sentence[1000];
        snprintf(sentence, sizeof sentence, "m.yml:%s", bad[i].sentence);
        assert_refused(bad[i].yaml, bad[i].length, sentence);
    }
}

/* ---- mappings that would take for ever ---- */

/* head, then every piece `count` times, with the running number for #, then tail. */
static const struct {
    const char *head, *piece;
    int count;
    const char *middle, *other_piece;
    int other_count;
    const char *tail;
    const char *sentence;
} bombs[] = {
    {"rules: ", "[", 100000, "", "", 0, "", "m.yml:1:39: nested over 32 levels deep"},
    {"", "- ", 100000, "", "", 0, "a", "m.yml:1:65: nested over 32 levels deep"},
    {"exclude:\n", "- &a# x\n", 300000, "", "", 0, "", "m.yml:258:3: over 256 anchors"},
    {"", "%TAG !a#! x\n", 300000, "", "", 0, "--- {}",
     "m.yml:1:1: YAML tags have no meaning in a mapping; a name needs none"},
    {"exclude: [", "a,", 3000000, "", "", 0, "]",
     "m.yml:1:2000005: the mapping is too large: over 2000000 YAML tokens"},
    {"tables:\n  t: &t\n    columns: {", "a#: b,", 1000, "}\n", "  t#: *t\n", 1000, "",
     "m.yml:3:14: the mapping is too large: over 500000 values, those of an alias counted each "
     "time"},
};

static void add_pieces(struct buffer *out, const char *piece, int count)
{
    for (int i = 0; i < count; i++)
        for (const char *at = piece; *at; at++)
            if (*at == '#')
                buffer_printf(out, "%d", i);
            else
                buffer_add_byte(out, (unsigned char)*at);
}

static void a_mapping_made_to_be_slow_is_refused_soon(void **state)
{
    (void)state;
    alarm(60); /* seconds; all of it takes one or two under the sanitizers */
    for (size_t i = 0; i < COUNT(bombs); i++) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        buffer_add_text(&text, bombs[i].head);
        add_pieces(&text, bombs[i].piece, bombs[i].count);
        buffer_add_text(&text, bombs[i].middle);
        add_pieces(&text, bombs[i].other_piece, bombs[i].other_count);
        buffer_add_text(&text, bombs[i].tail);
        assert_refused((const char *)text.data, text.length, bombs[i].sentence);
        buffer_free(&text);
    }
    alarm(0);
}

/* ---- files ---- */

static void assert_unread(const char *path, const char *sentence)
{
    struct mapping mapping;
    struct err err = {0};
    char expected[1000];
    snprintf(expected, sizeof expected, "%s: %s", path, sentence);
    assert_false(mapping_read(path, &mapping, &err));
    assert_string_equal(err.text, expected);
    assert_int_equal(err.code, ERR_USAGE);
    mapping_free(&mapping);
}

static void a_file_that_cannot_be_a_mapping_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/test_mapping_XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, (16 << 20) + 1), 0);
    assert_unread(path, "larger than 16 MB, so it is no mapping file");
    close(file);
    unlink(path);
    assert_unread(path, "the mapping cannot be opened: No such file or directory");
    assert_unread("/", "the mapping cannot be read: Is a directory");
    assert_unread("/dev/null/m.yml", "the mapping cannot be opened: Not a directory");
    assert_unread("/proc/self/mem", "the mapping cannot be read: Input/output error");
}

static void a_file_is_read_and_named_in_what_is_said_of_it(void **state)
{
    (void)state;
    static const char yaml[] = "exclude: [a]\n";
    struct mapping mapping;
    struct err err = {0};
    char path[] = "/tmp/test_mapping_XXXXXX", expected[100];
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, TEXT(yaml)), sizeof yaml - 1);
    assert_true(mapping_read(path, &mapping, &err));
    assert_int_equal(mapping.exclude_count, 1);
    assert_string_equal(mapping.path, path);
    mapping_free(&mapping);

    assert_int_equal(write(file, TEXT("a: b")), 4);
    snprintf(expected, sizeof expected,
             "%s:2:1: unknown key \"a\"; known here: schemas, exclude, "
             "rules and tables",
             path);
    assert_false(mapping_read(path, &mapping, &err));
    assert_string_equal(err.text, expected);
    close(file);
    unlink(path);
    assert_true(mapping_read("/dev/null", &mapping, &err));
    mapping_free(&mapping);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_mapping_is_refused_with_its_place_and_one_sentence),
        cmocka_unit_test(a_good_mapping_is_read_field_by_field),
        cmocka_unit_test(a_mapping_made_to_be_slow_is_refused_soon),
        cmocka_unit_test(a_file_that_cannot_be_a_mapping_is_refused),
        cmocka_unit_test(a_file_is_read_and_named_in_what_is_said_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
