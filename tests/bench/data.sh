# The tables of the benchmark. Sourced by run, not run.
#
# Input: $rows, $key_rows, $table_count, $big_rows; servers that run (my, pg, pg_in of
# ../e2e/lib.sh). Output: load_SET makes the databases of that name on both servers. The values are
# made once, in MariaDB, and copied to PostgreSQL as text; tally-verify itself then proves, in each
# run of the benchmark, that both sides are equal. Tables are written in the order of their key and
# frozen, so that no later run finds other work to do than the first.
# shellcheck shell=bash disable=SC2154 # run sets the numbers

# 13 mixed columns, about 230 bytes a row. The doc of the source is text that holds JSON, as in
# MariaDB all JSON is.
big_columns_mariadb="id bigint not null, customer int not null, quantity smallint,
	price decimal(12,2) not null, rate decimal(18,6) not null, created datetime(6) not null,
	day date not null, paid tinyint(1) not null, score double not null, name varchar(80) not null,
	note text, doc longtext not null, reference varchar(40) not null"
big_columns_postgres="id bigint not null, customer integer not null, quantity smallint,
	price numeric(12,2) not null, rate numeric(18,6) not null, created timestamp(6) not null,
	day date not null, paid boolean not null, score double precision not null,
	name varchar(80) not null, note text, doc ${JSON_TYPE:-jsonb} not null,
	reference varchar(40) not null"
big_values="seq, seq * 7919 % 100000, if(seq % 97 = 0, null, seq % 300), seq % 1000000 / 100,
	seq * 31 % 1000000007 / 1000000,
	'2020-01-01' + interval seq * 37 second + interval seq % 1000000 microsecond,
	'2015-01-01' + interval seq % 4000 day, seq % 2, seq / 7, concat('Gast ', seq, ' Müller'),
	if(seq % 50 = 0, null, concat('Zimmer mit Frühstück, Nummer ', seq, ', für ', seq % 9, ' Nächte')),
	concat('{\"id\": ', seq, ', \"tags\": [\"a\", \"b\"], \"n\": ', seq % 17, '.50}'), md5(seq)"

key_columns="id bigint not null, code varchar(40) not null, guid uuid not null,
	branch integer not null, number integer not null, name varchar(80) not null,
	amount decimal(12,2) not null, note varchar(200)"
key_values="seq, concat(elt(seq % 5 + 1, 'Ä', 'o', 'Z-', 'é_', 'x'),
		lower(hex(seq * 2654435761 % 4294967296))),
	insert(insert(md5(seq), 13, 1, '4'), 17, 1, '8'), seq div 1000, seq % 1000,
	concat('Gast ', seq, ' Müller'), seq % 1000000 / 100,
	if(seq % 50 = 0, null, concat('Zimmer mit Frühstück, Nummer ', seq))"

make_databases() {
	make_database mariadb "$1"
	make_database postgres "$1"
}

# make_pair DATABASE TABLE KEY COLUMNS-MARIADB COLUMNS-POSTGRES VALUES-SQL: the table on both sides;
# KEY may be empty. The client writes text as COPY reads it; no value of ours is the text NULL.
make_pair() {
	local database=$1 table=$2 key=${3:+, primary key ($3)}
	my "$database" -e "set sql_log_bin = 0; create table $table ($4$key) engine=innodb;
		insert into $table $6; analyze table $table" >"$work/load.log"
	my --quick "$database" -e "select * from $table" |
		pg_in "$database" -c begin -c "create table $table ($5)" \
			-c "copy $table from stdin with (freeze, null 'NULL')" -c commit
	if [[ -n $key ]]; then pg_in "$database" -c "alter table $table add primary key ($3)"; fi
	pg_in "$database" -c "vacuum (freeze, analyze) $table"
}

# copy_table DATABASE SCHEMA TABLE "COLUMN|EXPRESSION": the target's table again, in a schema of its
# own and with the same order of rows, but for a column with another value.
copy_table() {
	local database=$1 schema=$2 table=$3 column=${4%%|*} value=${4#*|} columns
	columns=$(pg_in "$database" -c "select string_agg(case when attname = '$column'
			then \$\$$value\$\$ else quote_ident(attname) end, ', ' order by attnum)
		from pg_attribute where attrelid = 'public.$table'::regclass and attnum > 0")
	pg_in "$database" -c "create schema if not exists $schema" -c begin \
		-c "drop table if exists $schema.$table" \
		-c "create table $schema.$table (like public.$table including defaults)" \
		-c "insert into $schema.$table select $columns from public.$table order by ctid" -c commit \
		-c "alter table $schema.$table add primary key (id)" \
		-c "vacuum (freeze, analyze) $schema.$table"
}

load_big() {
	make_databases big
	make_pair big big id "$big_columns_mariadb" "$big_columns_postgres" \
		"select $big_values from seq_1_to_$rows"
}

# In the middle, one letter more.
load_one() {
	copy_table big one big "name|name || case when id = $((rows / 2 + 1)) then '.' else '' end"
}

load_different() {
	copy_table big different big "customer|customer + 1"
}

load_keys() {
	local text=${key_columns/"code varchar(40)"/"code varchar(40) collate utf8mb4_unicode_ci"}
	make_databases keys
	make_pair keys by_integer id "$key_columns" "$key_columns" \
		"select $key_values from seq_1_to_$key_rows"
	make_pair keys by_text code "$text" "$key_columns" "select * from by_integer order by code"
	make_pair keys by_uuid guid "$key_columns" "$key_columns" \
		"select * from by_integer order by guid"
	make_pair keys by_pair "branch, number" "$key_columns" "$key_columns" \
		"select * from by_integer order by branch, number"
	make_pair keys by_none "" "$key_columns" "$key_columns" "select * from by_integer"
}

load_many() {
	make_databases many
	awk -v tables="$table_count" 'BEGIN {
		for (t = 1; t <= tables; t++) {
			printf "create table t%d (id int primary key, name varchar(40) not null, ", t
			printf "amount decimal(10,2) not null, day date not null, note varchar(100));\n"
			printf "insert into t%d values ", t
			for (i = 1; i <= 10; i++)
				printf("%s(%d, \047Gast %d\047, %d.%02d, \0472024-01-%02d\047, %s)", (i > 1 ? ", " : ""),
					i, t * i, t, i, i, (i % 3 ? "\047ruhig\047" : "null"))
			print ";"
		}
	}' >"$work/many.sql"
	{
		echo "set sql_log_bin = 0;"
		cat "$work/many.sql"
	} | my many
	pg_in many <"$work/many.sql"
	pg_in many -c "vacuum (freeze, analyze)"
}

load_narrow() {
	local columns="id bigint not null, a integer not null, b integer not null"
	make_databases narrow
	make_pair narrow narrow id "$columns" "$columns" \
		"select seq, seq % 1000, seq * 7919 % 100000 from seq_1_to_$big_rows"
	copy_table narrow different narrow "a|a + 1"
}

# Until neither server has anything left to write from what was loaded.
settle() {
	local i
	pg -c checkpoint
	my -e "set global innodb_max_dirty_pages_pct_lwm = 0, global innodb_max_dirty_pages_pct = 0"
	for ((i = 0; i < 300; i++)); do
		if (($(my -e "show global status like 'Innodb_buffer_pool_pages_dirty'" | cut -f2) < 100)); then
			break
		fi
		sleep 0.2
	done
	my -e "set global innodb_max_dirty_pages_pct = default, global innodb_max_dirty_pages_pct_lwm = default"
}
