# The runs of the benchmark (lines of text, see run) -> bench.json. Everything that is calculated
# is calculated here; table.jq and plot.jq only show it.

def median:
	sort | length as $n
	| if $n % 2 == 1 then .[$n / 2 | floor] else (.[$n / 2 - 1] + .[$n / 2]) / 2 end;
def rounded: . * 1000 | round / 1000;
def round_all: map_values(if type == "number" then rounded else . end);

[inputs | split("\t") | {case: .[0], series: .[1]} + ([.[2:][] | tonumber] |
	{wall: .[0], cpu: (.[1] + .[2]), kb: .[3], source: .[4], target: .[5], machine: .[6]})] as $runs
| def runs($case; $series): [$runs[] | select(.case == $case and .series == $series)];
def has_run($case): runs($case; "B") | length > 0;
def typical($case; $series; $field): [runs($case; $series)[] | .[$field]] | median;
# Seconds that a run's program and both servers compute together.
def all_cpu($case; $series): [runs($case; $series)[] | .cpu + .source + .target] | median;
def all_cpu($case): all_cpu($case; "B");

# A row of the table. A ratio of two series, pair by pair; or one series by itself, in its unit.
def ratio($what; $name; $reference; $case; $series; $limit):
	runs($case; $series) as $a | runs($name; "B") as $b
	| select(($a | length) > 0 and ($b | length) > 0)
	| {name: $name, what: $what, unit: "×", limit: $limit, reference: $reference,
		values: [range($b | length) | $b[.].wall / $a[.].wall],
		# Of all that is computed, servers included: where the cores are the limit, what the ratio
		# of times would be on an idle machine.
		computed: (all_cpu($name; "B") / all_cpu($case; $series) | rounded),
		reference_seconds: ([$a[].wall] | median), seconds: ([$b[].wall] | median),
		pairs: [range($b | length) | [$a[.].wall, $b[.].wall]]};
def drain($what; $name; $limit): ratio($what; $name; "drain"; $name; "A"; $limit);
def key($what; $name): ratio($what; $name; "integer key"; "keys"; "A"; 1.25);
def single($what; $name; $unit; $limit; value):
	runs($name; "B") as $b
	| select(($b | length) > 0)
	| {name: $name, what: $what, unit: $unit, limit: $limit, values: [$b[] | value],
		seconds: ([$b[].wall] | median)};
def memory($what; $name): single("memory, " + $what; $name; "MB"; 64; .kb / 1024);
# No number of jobs is faster than all cores busy; up to there, time falls with the jobs.
def jobs($jobs):
	select(has_run("jobs-1"))
	| [1 / $jobs, all_cpu("jobs-1") / $cores / typical("jobs-1"; "B"; "wall")] | max * 1.15
	| ratio("--jobs \($jobs)"; "jobs-\($jobs)"; "--jobs 1"; "jobs-1"; "B"; rounded);

"\($big_rows / 1000000) million rows" as $big
# The part of the machine that other programs took while we measured.
| ([$runs[] | .machine - .cpu - .source - .target] | add) / ([$runs[] | .wall * $cores] | add)
	| [., 0] | max | rounded as $others
| {
	bench: 1, $date, $tally,
	machine: {$cpu, $cores, memory_mb: $memory, $kernel, $compiler, others: $others},
	servers: {$source, $target, buffer_pool_mb: $pool},
	settings: {$rows, $key_rows, $tables, $pairs, $big_rows, $json_type},
	table: {source_bytes: $source_bytes, target_bytes: $target_bytes},
	rows: [
		drain("equal, --jobs 1"; "equal-1"; 1.15),
		drain("equal, --jobs 2"; "equal-2"; 1.15),
		drain("one row changed"; "one"; 1.3),
		drain("every row different"; "different"; 3),
		key("text key, unlike collations"; "by_text"),
		key("uuid key"; "by_uuid"),
		key("composite key"; "by_pair"),
		key("no key"; "by_none"),
		memory("equal"; "memory-equal"),
		memory("every row different"; "memory-different"),
		memory($big + ", equal"; "memory-big-equal"),
		memory($big + ", different"; "memory-big-different"),
		single("\($tables) tables of 10 rows, each"; "many"; "ms"; 4; .wall * 1000 / $tables),
		jobs(2),
		jobs(4)
		| . + (.values | {median: median, min: min, max: max} | round_all)
		| .ok = (.median <= .limit) | del(.values)
	],
	# CPU seconds of one run: who computes. What the drain takes of the client is wire and
	# library; what tally-verify takes more is decoding, making canonical and hashing.
	cpu: [
		("equal-1", "equal-2", "one", "different") as $case
		| select(has_run($case))
		| {name: $case, source_server: typical($case; "B"; "source"),
			target_server: typical($case; "B"; "target"),
			drain: typical($case; "A"; "cpu"), tally: typical($case; "B"; "cpu")} | round_all
	],
	# What two jobs would give where they have cores of their own: only connecting and planning
	# are not shared, and at the end one worker of a side may wait for the other's last of 16 pieces.
	jobs: (if has_run("jobs-1") | not then null else
		typical("jobs-none"; "B"; "wall") as $fixed | typical("jobs-1"; "B"; "wall") as $one
		| {unshared_seconds: $fixed, seconds: $one, cpu_seconds: all_cpu("jobs-1"), cores: $cores,
			floor_seconds: (all_cpu("jobs-1") / $cores),
			calculated_speedup: ($one / ($fixed + ($one - $fixed) * (1 / 2 + 1 / 32)))}
		| round_all end)
}
