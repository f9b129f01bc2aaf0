# A headless Chromium, driven through chromedriver (W3C WebDriver) by curl and jq. Sourced, after
# lib.sh.
#
# browser_start; browser_open FILE; then ask with browser_js and the likes; browser_stop. A browser
# that is not there, or does not start, is a failed test: never a silent pass.
# shellcheck shell=bash disable=SC2154 # work is of lib.sh
driver=''
driver_pid=''
session=''

# webdriver METHOD PATH [JSON]: prints the answer's value; fails when it is an error.
webdriver() {
	local answer
	answer=$(curl -sS --max-time 300 -X "$1" -H 'Content-Type: application/json' \
		${3+--data-binary @-} "$driver$2" <<<"${3-}") || return 1
	if jq -e '.value | type == "object" and has("error")' >/dev/null <<<"$answer"; then
		jq -r '.value.message' <<<"$answer" | head -3 >&2
		return 1
	fi
	jq -c '.value' <<<"$answer"
}

browser_start() {
	local program port=''
	for program in chromium chromedriver curl jq; do
		if ! command -v "$program" >/dev/null; then
			failed "$program is there (fixtures/packages check installs it)"
			return 1
		fi
	done
	chromedriver --port=0 >"$work/chromedriver.log" 2>&1 &
	driver_pid=$!
	until_true grep -q 'started successfully on port' "$work/chromedriver.log"
	port=$(sed -n 's/.*started successfully on port \([0-9]*\).*/\1/p' "$work/chromedriver.log")
	driver=http://127.0.0.1:$port
	session=$(webdriver POST /session "$(jq -n --arg data "$work/profile" '{capabilities: {alwaysMatch: {
		browserName: "chrome", timeouts: {script: 300000}, "goog:loggingPrefs": {browser: "ALL"},
		"goog:chromeOptions": {binary: "/usr/bin/chromium", args: ["--headless=new", "--no-sandbox",
			"--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
			"--user-data-dir=\($data)", "--window-size=1280,1000"]}}}}')" | jq -r .sessionId)
	if [[ -z $session ]]; then
		failed 'a headless Chromium starts' "$(tail -5 "$work/chromedriver.log")"
		return 1
	fi
	driver+=/session/$session
}

browser_stop() {
	[[ -z $session ]] || webdriver DELETE '' >/dev/null 2>&1
	session=''
	if [[ -n $driver_pid ]]; then
		kill "$driver_pid" 2>/dev/null
		wait "$driver_pid" 2>/dev/null
		driver_pid=''
	fi
}

# browser_open FILE[#ID]
browser_open() {
	webdriver POST /url "$(jq -n --arg url 'about:blank' '{url: $url}')" >/dev/null
	webdriver POST /se/log '{"type": "browser"}' >/dev/null # what an earlier page had to say
	webdriver POST /url "$(jq -n --arg url "file://$1" '{url: $url}')" >/dev/null
}

# browser_js SCRIPT: its return value, as JSON. browser_wait SCRIPT: the script calls done(VALUE).
browser_js() {
	webdriver POST /execute/sync "$(jq -n --arg script "$1" '{script: $script, args: []}')"
}
browser_wait() {
	webdriver POST /execute/async "$(jq -n --arg script "const done = arguments[0]; $1" \
		'{script: $script, args: []}')"
}

# browser_devtools METHOD PARAMETERS: a command of the DevTools protocol.
browser_devtools() {
	webdriver POST /goog/cdp/execute "$(jq -n --arg cmd "$1" --argjson params "$2" '{cmd: $cmd, params: $params}')"
}

# browser_type SELECTOR TEXT: keys, as a person presses them. Special ones: "\uE007" is Enter,
# "\uE004" Tab, "\uE00C" Escape.
browser_type() {
	local element
	element=$(webdriver POST /element "$(jq -n --arg value "$1" '{using: "css selector", value: $value}')" |
		jq -r '.[]') || return 1
	webdriver POST "/element/$element/value" "$(jq -n --argjson text "\"$2\"" '{text: $text}')" >/dev/null
}

# What the console said, errors and warnings: broken scripts, blocked styles, anything loaded.
browser_console() {
	webdriver POST /se/log '{"type": "browser"}' |
		jq -r '.[] | select(.level == "SEVERE" or .level == "WARNING") | .message'
}

# browser_screen WIDTH light|dark: a screen of that width and scheme; below 600 a phone's.
browser_screen() {
	browser_devtools Emulation.setDeviceMetricsOverride "$(jq -n --argjson width "$1" \
		'{width: $width, height: 800, deviceScaleFactor: 1, mobile: ($width < 600)}')" >/dev/null
	browser_devtools Emulation.setEmulatedMedia "$(jq -n --arg scheme "$2" \
		'{features: [{name: "prefers-color-scheme", value: $scheme}]}')" >/dev/null
}

# browser_picture FILE: the whole page as a PNG, for people.
browser_picture() {
	browser_devtools Page.captureScreenshot '{"captureBeyondViewport": true}' | jq -r .data |
		base64 -d >"$1"
}
