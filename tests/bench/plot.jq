# bench.json -> a plot: a bar per row, all on the scale of their limits, so that one line is the
# limit of all. Its colours follow the reader's light or dark screen.
include "show";

def clean: gsub("&"; "&amp;") | gsub("<"; "&lt;");
def left: 300; # where bars begin
def scale: 150; # as long as a limit
def most: 2.2; # limits; longer bars are cut, with an arrow
def step: 26;
def top: 54;
def place: left + ([., most] | min) * scale | fixed(1);
def line($class; $x1; $x2; $y1; $y2):
	"<line class=\"\($class)\" x1=\"\($x1)\" x2=\"\($x2)\" y1=\"\($y1)\" y2=\"\($y2)\"/>";

def style:
	"<style>",
	".paper { fill: #ffffff } text { fill: #1f2328 } .quiet { fill: #59636e }",
	".ok { fill: #2f81c7 } .over { fill: #c4571b }",
	".limit, .spread { stroke: #1f2328; stroke-width: 1.5 } .spread { opacity: 0.6 }",
	"@media (prefers-color-scheme: dark) {",
	".paper { fill: #0d1117 } text { fill: #e6edf3 } .quiet { fill: #9198a1 }",
	".ok { fill: #4c9fe0 } .over { fill: #e07a3f } .limit, .spread { stroke: #e6edf3 } }",
	"</style>";

def bar($y):
	.unit as $unit | (.median / .limit) as $value | (.max / .limit) as $reach
	| "<text x=\"\(left - 10)\" y=\"\($y + 16)\" text-anchor=\"end\">\(title | clean)</text>",
	"<rect class=\"\(if .ok then "ok" else "over" end)\" x=\"\(left)\" y=\"\($y + 4)\" "
		+ "width=\"\([$value, most] | min * scale | fixed(1))\" height=\"\(step - 9)\"/>",
	line("spread"; .min / .limit | place; $reach | place; $y + 12.5; $y + 12.5),
	line("limit"; 1 | place; 1 | place; $y + 1; $y + step - 2),
	"<text class=\"quiet\" x=\"\([$reach, 1] | max | place)\" dx=\"8\" y=\"\($y + 16)\">"
		+ "\(.median | in_unit($unit)) \($unit)\(if $reach > most then " →" else "" end)"
		+ " of \(.limit | in_unit($unit))</text>";

(top + (.rows | length) * step + 34) as $height
| "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 \($height)\" width=\"760\" "
	+ "height=\"\($height)\" role=\"img\" font-family=\"sans-serif\" font-size=\"13\">",
"<title>tally-verify, measured against its limits</title>",
style,
"<rect class=\"paper\" width=\"760\" height=\"\($height)\"/>",
"<text x=\"16\" y=\"24\" font-size=\"15\">tally-verify, measured against its limits</text>",
"<text class=\"quiet\" x=\"\(1 | place)\" y=\"\(top - 8)\" text-anchor=\"middle\">limit</text>",
(.rows | to_entries[] | (top + .key * step) as $y | .value | bar($y)),
"<text class=\"quiet\" x=\"16\" y=\"\($height - 12)\" font-size=\"11\">"
	+ ("\(.date[:10]); \(.settings.rows | commas) rows; \(.machine.cpu), \(.machine.cores) cores; "
		+ "\(.servers.source), \(.servers.target); bar: median, line: least to most" | clean)
	+ "</text>",
"</svg>"
