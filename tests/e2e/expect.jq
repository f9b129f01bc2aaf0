# Holds a JSON report (input) and an exit code ($status) against what must hold ($expected, one
# object): prints one line per difference. Every key of $expected must be equal in the report, and besides:
# - tables is the whole set of tables, paired by "source" label; only_source and only_target are
#   empty unless given; findings, when given, are all the findings of a table, in any order.
# - reasons_match and notes_match are regular expressions, each of which must match one reason or
#   note of the table; a table with reasons needs reasons_match.
# - causes, when given, are all the causes of the report, in any order, told apart by name and column;
#   text_match is a regular expression for a cause's sentence.
# - schema, when given, are all findings in definitions, in any order; text_match is a regular
#   expression. What a direction finds is another thing in the other one: expected.reverse.json.
# With $reverse, $expected is first turned round: source and target exchanged.

def turn_word: {source: "target", target: "source", source_value: "target_value",
  target_value: "source_value", only_source: "only_target", only_target: "only_source",
  missing: "extra", extra: "missing"}[.] // .;
# Keys of "key" and "row" are columns' names, and stay.
def turn:
  if type == "object" then
    with_entries(.key as $key | .key |= turn_word
      | .value |= (if $key == "key" or $key == "row" then . elif $key == "kind" then turn_word
                   else turn end))
  elif type == "array" then map(turn) else . end;

def short: tojson | if length > 200 then .[:200] + "…" else . end;
def place: [.kind, .key, .row];

def differ($at; $got):
  if type == "object" and ($got | type) == "object" then
    to_entries[] | .key as $key | .value | differ("\($at).\($key)"; $got[$key])
  elif . == $got then empty
  else "\($at): expected \(short), got \($got | short)" end;

def differ_list($at; $got; order):
  (sort_by(order)) as $want | ($got // [] | sort_by(order)) as $have
  | if ($want | length) != ($have | length) then
      "\($at): expected \($want | map(order) | short), got \($have | map(order) | short)"
    else range($want | length) as $i | $want[$i]
      | (del(.columns) | differ("\($at)[\($i)]"; $have[$i])),
        (if has("columns") then
           .columns | differ_list("\($at)[\($i)].columns"; $have[$i].columns; [.source, .target])
         else empty end)
    end;

def matches($at; $got):
  .[] as $regex | if ($got // []) | any(test($regex)) then empty
  else "\($at): none matches /\($regex)/: \($got | short)" end;

def schema_place: [.table, .kind, .column];
def differ_schema($got):
  (sort_by(schema_place)) as $want | ($got // [] | sort_by(schema_place)) as $have
  | if ($want | map(schema_place)) != ($have | map(schema_place)) then
      "schema: expected \($want | map(schema_place) | tojson), got \($have | map([.table, .kind, .column, .text]) | tojson)"
    else range($want | length) as $i | $want[$i]
      | (del(.text_match) | differ("schema[\($i)]"; $have[$i])),
        (if has("text_match") then [.text_match] | matches("schema[\($i)].text"; [$have[$i].text])
         else empty end)
    end;

def differ_table($at; $got):
  (del(.columns, .findings, .reasons_match, .notes_match) | differ($at; $got)),
  (.columns // [] | .[] as $want
    | [$got.columns[]? | select(.source == $want.source and .target == $want.target)] as $have
    | if ($have | length) == 1 then $want | differ("\($at).columns[\(.source)]"; $have[0])
      else "\($at).columns: no \($want | [.source, .target] | short) in \($got.columns | short)" end),
  (if has("findings") then .findings | differ_list("\($at).findings"; $got.findings; place)
   else empty end),
  (.reasons_match // [] | matches("\($at).reasons"; $got.reasons)),
  (.notes_match // [] | matches("\($at).notes"; $got.notes)),
  (if has("reasons_match") or ($got.reasons // []) == [] then empty
   else "\($at).reasons: expected none, got \($got.reasons | short)" end);

def cause: [.name, .column];
def differ_causes($got):
  sort_by(cause) as $want | ($got // [] | sort_by(cause)) as $have
  | if ($want | map(cause)) != ($have | map(cause)) then
      "causes: expected \($want | map(cause) | short), got \($have | map(cause) | short)"
    else range($want | length) as $i | $want[$i]
      | (del(.text_match) | differ("causes[\(cause | short)]"; $have[$i])),
        (.text_match // "" | . as $regex | $have[$i].text
         | if test($regex) then empty else "causes: not /\($regex)/: \(short)" end)
    end;

. as $got
| ({only_source: [], only_target: []} + $expected | if $reverse then turn else . end)
| .only_source |= sort | .only_target |= sort
| (if .exit == $status then empty else "exit code: expected \(.exit), got \($status)" end),
  (if has("schema") then .schema | differ_schema($got.schema) else empty end),
  (.causes // empty | differ_causes($got.causes)),
  (del(.tables, .exit, .schema, .causes) | differ(""; $got | .only_source |= sort | .only_target |= sort)),
  (.tables // empty
    | (map(.source) | sort) as $want | ($got.tables | map(.source) | sort) as $have
    | if $want != $have then "tables: expected \($want | short), got \($have | short)"
      else .[] as $t | $t | differ_table("\(.source)"; $got.tables[] | select(.source == $t.source))
      end)
