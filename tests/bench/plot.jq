# bench.json -> a plot: a bar per row, all on the scale of their limits, so that one line is the
# limit of all. Transparent strokes, and colours that follow the reader's light or dark screen.

def fixed($digits): ([range($digits)] | reduce .[] as $_ (1; . * 10)) as $power
	| (. * $power | round) as $n
	| ($n / $power | floor | tostring) + (if $digits > 0 then "." + ($n % $power + $power | tostring)[1:] else "" end);
def number($unit): if $unit == "MB" then fixed(0) else fixed(2) end;
def clean: gsub("&"; "&amp;") | gsub("<"; "&lt;");

300 as $left | 150 as $scale | 2.2 as $most | 26 as $step | 54 as $top
| def x: $left + ([., $most] | min) * $scale;
(.rows | length) as $count | ($top + $count * $step + 34) as $height
| "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 \($height)\" width=\"760\" height=\"\($height)\" role=\"img\" font-family=\"sans-serif\" font-size=\"13\">",
"<title>tally-verify: measured against its limits</title>",
"<style>",
".paper { fill: #ffffff } text { fill: #1f2328 } .quiet { fill: #59636e } .ok { fill: #2f81c7 } .over { fill: #c4571b }",
".limit { stroke: #1f2328; stroke-width: 1.5 } .spread { stroke: #1f2328; stroke-width: 1.5; opacity: 0.6 }",
"@media (prefers-color-scheme: dark) { .paper { fill: #0d1117 } text { fill: #e6edf3 } .quiet { fill: #9198a1 }",
".ok { fill: #4c9fe0 } .over { fill: #e07a3f } .limit, .spread { stroke: #e6edf3 } }",
"</style>",
"<rect class=\"paper\" width=\"760\" height=\"\($height)\"/>",
"<text x=\"16\" y=\"24\" font-size=\"15\">tally-verify, measured against its limits</text>",
"<text class=\"quiet\" x=\"\(1 | x)\" y=\"\($top - 8)\" text-anchor=\"middle\">limit</text>",
(.rows | to_entries[] | .key as $i | .value | .unit as $unit | ($top + $i * $step) as $y
	| (.median / .limit) as $value
	| "<text x=\"\($left - 10)\" y=\"\($y + 16)\" text-anchor=\"end\">\(.what + (if .reference then " / " + .reference else "" end) | clean)</text>",
	"<rect class=\"\(if .ok then "ok" else "over" end)\" x=\"\($left)\" y=\"\($y + 4)\" width=\"\([$value, $most] | min * $scale | fixed(1))\" height=\"\($step - 9)\"/>",
	(if $value > $most then empty else
	"<line class=\"spread\" x1=\"\(.min / .limit | x | fixed(1))\" x2=\"\(.max / .limit | x | fixed(1))\" y1=\"\($y + 12.5)\" y2=\"\($y + 12.5)\"/>" end),
	"<line class=\"limit\" x1=\"\(1 | x)\" x2=\"\(1 | x)\" y1=\"\($y + 1)\" y2=\"\($y + $step - 2)\"/>",
	"<text class=\"quiet\" x=\"\(([[.max / .limit, $most] | min, 1] | max | x) + 8 | fixed(1))\" y=\"\($y + 16)\">\(.median | number($unit)) \($unit)\(if $value > $most then " →" else "" end) of \(.limit | number($unit))</text>"),
"<text class=\"quiet\" x=\"16\" y=\"\($height - 12)\" font-size=\"11\">\("\(.date[:10]); \(.settings.rows) rows; \(.machine.cpu), \(.machine.cores) cores; \(.servers.source), \(.servers.target); bar: median, line: least to most" | clean)</text>",
"</svg>"
