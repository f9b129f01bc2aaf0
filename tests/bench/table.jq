# bench.json -> what a person reads.
include "show";

def blanks: [range(.)] | map(" ") | join("");
def left($width): . + ([$width - length, 0] | max | blanks);
def right($width): ([$width - length, 0] | max | blanks) + .;

def machine:
	"\(.tally); \(.servers.source), \(.servers.target), buffers of "
		+ "\(.servers.buffer_pool_mb | commas) MB",
	(.machine | "\(.cpu), \(.cores) cores, \(.memory_mb | commas) MB; \(.kernel)", .compiler),
	"\(.settings.rows | commas) rows of 13 columns"
		+ if .table.source_bytes == 0 then "" else
			" (\(.table.source_bytes / 1e6 | fixed(0)) and \(.table.target_bytes / 1e6 | fixed(0)) MB, "
			+ "doc as \(.settings.json_type))" end
		+ "; key tables of \(.settings.key_rows | commas); \(.settings.pairs) pairs",
	(.machine | select(.others > 0.05)
		| "NOISY: other programs took \(.others * 100 | fixed(0)) % of the cores while this was measured");

def row:
	.unit as $unit
	| (title | left(42))
	+ ("\(.limit | in_unit($unit)) \($unit)" | right(9))
	+ ("\(.median | in_unit($unit)) \($unit)" | right(9))
	+ ("\(.min | in_unit($unit)) – \(.max | in_unit($unit))" | right(16))
	+ (if .computed then "\(.computed | fixed(2)) ×" else "" end | right(10))
	+ if .ok then "  ok  " else "  OVER" end
	+ " \(.seconds | fixed(2))"
	+ if .reference then " / \(.reference_seconds | fixed(2))" else "" end;

def cpu:
	(.name | left(24)) + ([.source_server, .target_server, .drain, .tally]
		| map(fixed(2) | right(15)) | join(""));

def jobs:
	"Jobs: one run computes for \(.cpu_seconds | fixed(1)) s, so \(.cores) cores need "
		+ "\(.floor_seconds | fixed(1)) s at least; --jobs 1 took \(.seconds | fixed(1)) s.",
	"With two free cores for each side and its server, --jobs 2 would be "
		+ "\(.calculated_speedup | fixed(2)) × as fast (calculated):",
	"only connecting and planning, \(.unshared_seconds | fixed(2)) s, are not shared, and the last "
		+ "piece is a 16th of a side.";

machine,
"",
("what" | left(42)) + ("at most" | right(9)) + ("median" | right(9))
	+ ("least – most" | right(16)) + ("computed" | right(10)) + "       seconds",
(.rows[] | row),
(select(.cpu | length > 0) | "",
	("CPU seconds of one run" | left(24))
	+ (["source server", "target server", "drain", "tally-verify"] | map(right(15)) | join("")),
	(.cpu[] | cpu)),
(.jobs | select(.) | "", jobs)
