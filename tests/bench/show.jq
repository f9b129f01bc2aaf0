# Numbers as people read them; for table.jq and plot.jq.

# 3.14159 | fixed(2) -> "3.14"; not for negative numbers
def fixed($digits):
	(reduce range($digits) as $_ (1; . * 10)) as $power
	| (. * $power | round) as $n
	| ($n / $power | floor | tostring)
		+ if $digits > 0 then "." + ($n % $power + $power | tostring)[1:] else "" end;
# 3000000 -> "3,000,000"
def commas: tostring | [while(length > 0; .[:-3])] | map(.[-3:]) | reverse | join(",");
def in_unit($unit): fixed(if $unit == "MB" then 0 else 2 end);
# What a row of bench.json measures, and against what.
def title: .what + if .reference then " / " + .reference else "" end;
