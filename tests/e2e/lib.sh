# What the end-to-end tests share: private servers, clients, counting. Sourced, not run.
#
# Input: BUILD (where tally-verify is; default: build). TALLY_SERVERS, when set, names a folder in
# which fixtures/servers already runs; otherwise servers are started in a temporary folder and
# stopped at the end. Output: plain lines, and a last line "NAME: N passed, N failed".
# shellcheck shell=bash
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export BUILD=${BUILD:-$root/build}
[[ $BUILD == /* ]] || BUILD=$root/$BUILD
tally=$BUILD/tally-verify
suite=$(basename "$0")
# Debian's own, which has python3-jsonschema and starts fast.
python=$(command -v /usr/bin/python3 python3 | head -1)
passed=0
failed=0
own_servers=

# No setting of the person who runs the tests may reach a server or Tally.
unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGSERVICEFILE PGPASSFILE PGOPTIONS \
	PGSSLMODE PGSSLROOTCERT PGTZ PGDATESTYLE PGCLIENTENCODING MYSQL_PWD MYSQL_HOST \
	MYSQL_TCP_PORT MYSQL_UNIX_PORT MYSQL_HOME http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
export TZ=UTC LC_ALL=C.UTF-8 NO_COLOR=1

work=$(mktemp -d "${TMPDIR:-/tmp}/tally-$suite.XXXXXX")
chmod a+x "$work"
mkdir "$work/home"
export HOME=$work/home # no ~/.my.cnf, ~/.pgpass

passed() {
	passed=$((passed + 1))
	[[ -z ${VERBOSE:-} ]] || echo "ok - $1"
}

# $1: what was tested; the rest: what was seen, shown indented.
failed() {
	failed=$((failed + 1))
	echo "not ok - $1"
	shift
	if (($#)); then printf '%s\n' "$@" | cut -c1-400 | sed 's/^/    /' | head -40; fi
}

# check TEXT COMMAND...: passes when the command succeeds; what it prints is shown when it does not.
check() {
	local text=$1 said
	shift
	if said=$("$@" 2>&1); then passed "$text"; else failed "$text" "$said"; fi
}

finish() {
	echo "$suite: $passed passed, $failed failed"
	((failed == 0))
	exit
}

clean_up() {
	local status=$?
	trap - EXIT INT TERM
	if declare -F clean_up_more >/dev/null; then clean_up_more; fi
	if [[ -n $own_servers ]]; then "$root/fixtures/servers" stop "$own_servers"; fi
	if [[ -z ${KEEP:-} ]]; then rm -rf "$work"; else echo "kept: $work"; fi
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# until_true COMMAND...: waits until it succeeds. Two minutes are no measure of anything: a test whose
# condition never comes must end all the same.
until_true() {
	local end=$((SECONDS + 120))
	until "$@" 2>/dev/null; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}
# Seconds for one run of a program that takes a few: no measure either.
patience=300

# Starts both servers (or uses those of TALLY_SERVERS) and sets their variables. With "own", never
# the shared ones: for tests that kill a server or give it unusual settings.
start_servers() {
	if [[ -n ${TALLY_SERVERS:-} && ${1:-} != own ]]; then
		servers=$TALLY_SERVERS
	else
		servers=$work/servers
		own_servers=$servers
		"$root/fixtures/servers" start "$servers" || {
			echo "not ok - no servers"
			echo "$suite: 0 passed, 1 failed"
			exit 1
		}
	fi
	eval "$("$root/fixtures/servers" env "$servers")"
}

if [[ ! -x $tally && -z ${LOAD_ONLY:-} ]]; then
	echo "not ok - $tally is not there; run make first"
	echo "$suite: 0 passed, 1 failed"
	exit 1
fi

# Clients, as superusers. SQL comes on standard input or as -e / -c. MySQL's own client does where
# MariaDB's is not.
my_client=$(command -v mariadb || command -v mysql)
my() {
	"$my_client" --no-defaults --socket="$MARIADB_SOCKET" --user=root --default-character-set=utf8mb4 \
		--batch --skip-column-names --max-allowed-packet=1G "$@"
}
pg() {
	PGOPTIONS='-c client_min_messages=warning' PGCLIENTENCODING=UTF8 \
		psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 \
		--host="$PG_HOST" --port="$PG_PORT" --username="$PG_USER" --dbname=postgres "$@"
}
# $1: database.
pg_in() {
	local database=$1
	shift
	pg --dbname="$database" "$@"
}

# make_database ENGINE NAME [MORE]: MORE is added to CREATE DATABASE.
make_database() {
	case $1 in
	mariadb)
		my -e "drop database if exists \`$2\`; create database \`$2\` ${3:-character set utf8mb4}"
		;;
	postgres)
		pg -c "drop database if exists \"$2\" with (force)" \
			-c "create database \"$2\" template template0 ${3:-}"
		;;
	esac
}
drop_database() {
	case $1 in
	mariadb) my -e "drop database if exists \`$2\`" ;;
	postgres) pg -c "drop database if exists \"$2\" with (force)" ;;
	esac
}

# "mariadb" or "mysql": which of the two the server is that the tests call mariadb.
my_brand() {
	if [[ $(my -e 'select version()') == *MariaDB* ]]; then echo mariadb; else echo mysql; fi
}
# PostgreSQL's version: "15".
pg_version() { echo $(($(pg -c 'show server_version_num') / 10000)); }

# The local ports of a process's connections, with commas; 0 is among them, and nobody's.
ports_of() {
	local inodes place ports=0
	inodes=$(readlink "/proc/$1/fd/"* 2>/dev/null | sed -n 's/^socket:\[\([0-9]*\)\]$/\1/p')
	# Read as a whole: there may be thousands, and line by line the kernel begins anew for each.
	while read -r place; do ports+=,$((16#${place#*:})); done < <(awk -v inodes="$inodes" '
		BEGIN { for (i = split(inodes, list); i > 0; i--) ours[list[i]] }
		$10 in ours { print $2 }' /proc/net/tcp)
	echo "$ports"
}
# Rows of this database of PostgreSQL's are being read by the run behind, $pid: planning is over. By that run: the
# session of an earlier one still tells its last query for a moment after that one's end.
reads_rows() {
	[[ -n $(pg -c "select 1 from pg_stat_activity where datname = '$1' and query like 'COPY (SELECT%'
		and client_port in ($(ports_of "$pid"))") ]]
}

# uri ENGINE DATABASE [USER PASSWORD]
uri() {
	local who=tally password=$PG_PASSWORD
	[[ $1 == postgres ]] || password=$MARIADB_PASSWORD
	if (($# > 2)); then who=$3 password=$4; fi
	case $1 in
	mariadb) echo "mysql://$who:$password@127.0.0.1:$MARIADB_PORT/$2" ;;
	postgres) echo "postgresql://$who:$password@127.0.0.1:$PG_PORT/$2" ;;
	esac
}
