# bench.json -> what a person reads.

def fixed($digits): ([range($digits)] | reduce .[] as $_ (1; . * 10)) as $power
	| (. * $power | round) as $n
	| ($n / $power | floor | tostring) + (if $digits > 0 then "." + ($n % $power + $power | tostring)[1:] else "" end);
def commas: tostring | [while(length > 0; .[:-3])] | map(.[-3:]) | reverse | join(",");
def left($width): . + ([range([$width - length, 0] | max)] | map(" ") | join(""));
def right($width): ([range([$width - length, 0] | max)] | map(" ") | join("")) + .;
def number($unit): if $unit == "MB" then fixed(0) else fixed(2) end;
def mb: . / 1000000 | fixed(0) | commas;

"\(.tally); \(.servers.source), \(.servers.target), buffers of \(.servers.buffer_pool_mb | commas) MB",
"\(.machine.cpu), \(.machine.cores) cores, \(.machine.memory_mb | commas) MB; \(.machine.kernel); \(.machine.compiler)",
"\(.settings.rows | commas) rows of 13 columns" + (if .table.source_bytes > 0 then " (\(.table.source_bytes | mb) MB and \(.table.target_bytes | mb) MB, doc as \(.settings.json_type))" else "" end)
	+ "; key tables of \(.settings.key_rows | commas); \(.settings.pairs) pairs",
(if .machine.load_at_start > 0.7 * .machine.cores then "NOISY: the load was \(.machine.load_at_start) before it began; other programs compute on this machine" else empty end),
"",
("what" | left(42)) + ("at most" | right(9)) + ("median" | right(9)) + ("least – most" | right(16)) + "       seconds",
(.rows[] | .unit as $unit
	| (.what + (if .reference then " / " + .reference else "" end) | left(42))
	+ ("\(.limit | number($unit)) \($unit)" | right(9)) + ("\(.median | number($unit)) \($unit)" | right(9))
	+ ("\(.min | number($unit)) – \(.max | number($unit))" | right(16))
	+ (if .ok then "  ok  " else "  OVER" end)
	+ " \(.seconds | fixed(2))" + (if .reference then " / \(.reference_seconds | fixed(2))" else "" end)),
(if (.cpu | length) > 0 then "",
	("CPU seconds of one run" | left(24)) + ("source server" | right(14)) + ("target server" | right(15)) + ("drain" | right(8)) + ("tally-verify" | right(14)),
	(.cpu[] | (.name | left(24)) + (.source_server | fixed(2) | right(14)) + (.target_server | fixed(2) | right(15)) + (.drain | fixed(2) | right(8)) + (.tally | fixed(2) | right(14)))
	else empty end),
(.jobs | select(.) | "",
	"Jobs: one run computes for \(.cpu_seconds | fixed(1)) s, so \(.cores) cores need \(.floor_seconds | fixed(1)) s at least; --jobs 1 took \(.seconds | fixed(1)) s.",
	"With two free cores for each side and its server, --jobs 2 would be \(.calculated_speedup | fixed(2)) × as fast (calculated):",
	"only connecting and planning, \(.unshared_seconds | fixed(2)) s, are not shared, and the last piece is a 16th of a side.")
