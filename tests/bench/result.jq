# The runs of the benchmark (lines of text, see run) -> bench.json. Everything that is calculated
# is calculated here; table.jq and plot.jq only show it.

def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def rounded: . * 1000 | round / 1000;

[inputs | split("\t") | {case: .[0], series: .[1]} + ([.[2:][] | tonumber] |
	{wall: .[0], cpu: (.[1] + .[2]), kb: .[3], source: .[4], target: .[5]})] as $runs
| def runs($case; $series): [$runs[] | select(.case == $case and .series == $series)];
def half($case; $series; $field): [runs($case; $series)[] | .[$field]] | median;
# Seconds that all programs together compute in one run of tally-verify.
def all_cpu($case): [runs($case; "B")[] | .cpu + .source + .target] | median;

# A ratio of two series, pair by pair; or one series by itself, in its unit.
def ratio($what; $name; $reference; $case; $series; $limit):
	runs($case; $series) as $a | runs($name; "B") as $b
	| select(($a | length) > 0 and ($b | length) > 0)
	| {name: $name, what: $what, unit: "×", limit: $limit, reference: $reference,
		values: [range($b | length) | $b[.].wall / $a[.].wall],
		reference_seconds: ([$a[].wall] | median), seconds: ([$b[].wall] | median),
		pairs: [range($b | length) | [$a[.].wall, $b[.].wall]]};
def single($what; $name; $unit; $limit; value):
	runs($name; "B") as $b
	| select(($b | length) > 0)
	| {name: $name, what: $what, unit: $unit, limit: $limit, values: [$b[] | value],
		seconds: ([$b[].wall] | median)};

# No number of jobs is faster than all cores busy; up to there, time falls with the jobs.
def jobs_limit($jobs):
	if (runs("jobs-1"; "B") | length) == 0 then 1
	else [1 / $jobs, all_cpu("jobs-1") / $cores / half("jobs-1"; "B"; "wall")] | max | . * 1.15 | rounded end;

{
	bench: 1, $date, $tally,
	machine: {$cpu, $cores, memory_mb: $memory, $kernel, load_at_start: $load, $compiler},
	servers: {$source, $target, buffer_pool_mb: $pool},
	settings: {$rows, $key_rows, $tables, $pairs, $big_rows, $json_type},
	table: {source_bytes: $source_bytes, target_bytes: $target_bytes},
	rows: [
		ratio("equal, --jobs 1"; "equal-1"; "drain"; "equal-1"; "A"; 1.15),
		ratio("equal, --jobs 2"; "equal-2"; "drain"; "equal-2"; "A"; 1.15),
		ratio("one row changed"; "one"; "drain"; "one"; "A"; 1.3),
		ratio("every row different"; "different"; "drain"; "different"; "A"; 3),
		ratio("text key, unlike collations"; "by_text"; "integer key"; "keys"; "A"; 1.25),
		ratio("uuid key"; "by_uuid"; "integer key"; "keys"; "A"; 1.25),
		ratio("composite key"; "by_pair"; "integer key"; "keys"; "A"; 1.25),
		ratio("no key"; "by_none"; "integer key"; "keys"; "A"; 1.25),
		single("memory, equal"; "memory-equal"; "MB"; 64; .kb / 1024),
		single("memory, every row different"; "memory-different"; "MB"; 64; .kb / 1024),
		single("memory, \($big_rows / 1000000) million rows, equal"; "memory-big-equal"; "MB"; 64; .kb / 1024),
		single("memory, \($big_rows / 1000000) million rows, all different"; "memory-big-different"; "MB"; 64; .kb / 1024),
		single("\($tables) tables of 10 rows, each"; "many"; "ms"; 4; .wall * 1000 / $tables),
		ratio("--jobs 2"; "jobs-2"; "--jobs 1"; "jobs-1"; "B"; jobs_limit(2)),
		ratio("--jobs 4"; "jobs-4"; "--jobs 1"; "jobs-1"; "B"; jobs_limit(4))
		| . + {median: (.values | median | rounded), min: (.values | min | rounded),
			max: (.values | max | rounded)}
		| .ok = (.median <= .limit) | del(.values)
	],
	# CPU seconds of one run: who computes. The client's drain share is wire and library; what
	# tally-verify takes more is decoding, making canonical and hashing.
	cpu: [("equal-1", "equal-2", "one", "different") as $case | select((runs($case; "B") | length) > 0)
		| {name: $case, source_server: half($case; "B"; "source"), target_server: half($case; "B"; "target"),
			drain: half($case; "A"; "cpu"), tally: half($case; "B"; "cpu")} | map_values(if type == "number" then rounded else . end)],
	# What two jobs would give where they have cores of their own: only connecting and planning
	# are not shared, and at the end one worker of a side may wait for the other's last of 16 pieces.
	jobs: (if (runs("jobs-1"; "B") | length) == 0 then null else
		half("jobs-none"; "B"; "wall") as $fixed | half("jobs-1"; "B"; "wall") as $one
		| {unshared_seconds: $fixed, seconds: $one, cpu_seconds: all_cpu("jobs-1"), cores: $cores,
			floor_seconds: (all_cpu("jobs-1") / $cores),
			calculated_speedup: ($one / ($fixed + ($one - $fixed) * (1 / 2 + 1 / 32)))}
		| map_values(rounded) end)
}
