# Tally. `make` builds, `make demo` shows, `make check` tests; the last two install what they lack
# (fixtures/packages; see README.md).
VERSION := 0.1.0
PREFIX ?= /usr/local
BUILD ?= build
# V=1 shows the commands.
Q = $(if $(V),,@)
CC = gcc
CLANG = clang
OBJCOPY = objcopy

OPTIMISE = -O2 -g
SANITIZE =
# -Wconversion: a length that changes its width or sign is how rows get lost.
WARN = -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
       -Wformat=2 -Wundef -Wwrite-strings
CFLAGS_ALL = -std=c17 -D_GNU_SOURCE -DTALLY_VERSION='"$(VERSION)"' $(OPTIMISE) $(WARN) $(SANITIZE) \
             -fstack-protector-strong -pthread -MMD -MP $(CPPFLAGS) $(CFLAGS)

# A third-party library is named once here and included by one file (`make lint` checks that).
flags = $(shell pkg-config --$(1) $(2) 2>/dev/null)
MYSQL_CONFIG = $(shell command -v mariadb_config || command -v mysql_config)
MYSQL_CFLAGS = $(shell $(MYSQL_CONFIG) --cflags 2>/dev/null)
MYSQL_LIBS = $(shell $(MYSQL_CONFIG) --libs 2>/dev/null)
# libunistring has no pkg-config file.
DIFF_LIBS = $(call flags,libs,libxxhash) $(call flags,libs,sqlite3) $(call flags,libs,yaml-0.1) \
            -lunistring -lm
# What compares answers needs these, too; tally-verify does not.
ANSWER_LIBS = $(call flags,libs,libxml-2.0) $(call flags,libs,libpcre2-8)
VERIFY_LIBS = $(call flags,libs,libpq) $(MYSQL_LIBS) $(call flags,libs,jansson)
REPLAY_LIBS = $(call flags,libs,zlib) $(call flags,libs,libcurl)

$(BUILD)/diff/html.o: LIBRARY = $(call flags,cflags,libxml-2.0)
$(BUILD)/diff/ledger.o: LIBRARY = $(call flags,cflags,sqlite3)
$(BUILD)/verify/engine_pg_%.o: LIBRARY = $(call flags,cflags,libpq)
$(BUILD)/verify/engine_mysql_%.o: LIBRARY = $(MYSQL_CFLAGS)
$(BUILD)/diff/regex.o: LIBRARY = $(call flags,cflags,libpcre2-8)
$(BUILD)/diff/base/settings.o: LIBRARY = $(call flags,cflags,yaml-0.1)
$(BUILD)/verify/report_json.o: LIBRARY = $(call flags,cflags,jansson)
$(BUILD)/replay/unpack.o: LIBRARY = $(call flags,cflags,zlib)
$(BUILD)/replay/http.o: LIBRARY = $(call flags,cflags,libcurl)

DIFF_SOURCES = $(wildcard diff/base/*.c) $(wildcard diff/*.c)
VERIFY_SOURCES = $(filter-out verify/main.c verify/diff_main.c,$(wildcard verify/*.c))
REPLAY_SOURCES = $(filter-out replay/main.c,$(wildcard replay/*.c))
UNIT_SOURCES = $(wildcard tests/unit/*.c)
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

.PHONY: all install clean demo check check-matrix unit fuzz lint format bench packages-build
all: $(BUILD)/tally-verify $(BUILD)/tally-verify.1 $(BUILD)/tally-diff $(BUILD)/tally-diff.1 \
    $(BUILD)/tally-replay $(BUILD)/tally-replay.1

$(BUILD)/tally-verify: $(BUILD)/verify/main.o $(BUILD)/libverify.a $(BUILD)/libdiff.a
	@echo "  LD $@"
	$(Q)$(CC) $(SANITIZE) -pthread $(LDFLAGS) -o $@ $^ $(VERIFY_LIBS) $(DIFF_LIBS)

$(BUILD)/tally-verify.1: $(BUILD)/tally-verify
	$(BUILD)/tally-verify --man > $@

$(BUILD)/tally-diff: $(BUILD)/verify/diff_main.o $(BUILD)/libverify.a $(BUILD)/libdiff.a
	@echo "  LD $@"
	$(Q)$(CC) $(SANITIZE) -pthread $(LDFLAGS) -o $@ $^ $(VERIFY_LIBS) $(DIFF_LIBS) $(ANSWER_LIBS)

$(BUILD)/tally-diff.1: $(BUILD)/tally-diff
	$(BUILD)/tally-diff --man > $@

$(BUILD)/tally-replay: $(BUILD)/replay/main.o $(BUILD)/libreplay.a $(BUILD)/libverify-run.a \
    $(BUILD)/libdiff.a
	@echo "  LD $@"
	$(Q)$(CC) $(SANITIZE) -pthread $(LDFLAGS) -o $@ $^ $(REPLAY_LIBS) $(VERIFY_LIBS) $(DIFF_LIBS) \
	    $(ANSWER_LIBS)

$(BUILD)/tally-replay.1: $(BUILD)/tally-replay
	$(BUILD)/tally-replay --man > $@

$(BUILD)/libreplay.a: $(call objects,$(REPLAY_SOURCES))
$(BUILD)/libverify.a: $(call objects,$(VERIFY_SOURCES))
$(BUILD)/libdiff.a: $(call objects,$(DIFF_SOURCES)) $(BUILD)/diff/page_files.o
$(BUILD)/libverify-run.a: $(BUILD)/verify/whole.o
# What tally-replay sees of verify, names included: verify.h. Both have a book.c and a command.c, and
# a name of the other one's would be taken without a word.
$(BUILD)/verify/whole.o: $(call objects,$(VERIFY_SOURCES))
	$(Q)$(LD) -r -o $@ $^
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='verify_*' --keep-global-symbol=verdict_name \
	    --keep-global-symbol=finding_kind_name $@
%.a:
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# The style and script of HTML reports are plain files that the program carries in itself.
$(BUILD)/diff/page_files.c: diff/page_embed diff/page.css diff/page.js
	@mkdir -p $(@D)
	$(Q)diff/page_embed > $@.new && mv $@.new $@
$(BUILD)/diff/page_files.o: $(BUILD)/diff/page_files.c
	@echo "  CC $@"
	$(Q)$(CC) $(CFLAGS_ALL) -Idiff -c -o $@ $<

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(LIBRARY) -c -o $@ $<

# A test program per file; a fuzz driver per parser (its own main when built without libFuzzer).
# One that tests replay is linked as tally-replay is.
ARCHIVES = $(BUILD)/libreplay.a $(BUILD)/libverify-run.a $(BUILD)/libverify.a $(BUILD)/libdiff.a
archives_of = $(if $(shell grep -l '^\#include "../../replay/' $(1)),$(wordlist 1,2,$(ARCHIVES)),\
    $(word 3,$(ARCHIVES))) $(lastword $(ARCHIVES))
$(BUILD)/tests/unit/%: tests/unit/%.c $(ARCHIVES)
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $< $(call archives_of,$<) -lcmocka $(REPLAY_LIBS) $(VERIFY_LIBS) \
	    $(DIFF_LIBS) $(ANSWER_LIBS)

$(BUILD)/tests/bench/pages: tests/bench/pages.c $(BUILD)/libdiff.a
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(call flags,cflags,libxml-2.0) $(LDFLAGS) -o $@ $< $(BUILD)/libdiff.a \
	    $(DIFF_LIBS) $(ANSWER_LIBS)

$(BUILD)/tests/bench/send: tests/bench/send.c $(BUILD)/libreplay.a $(BUILD)/libdiff.a
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(call flags,cflags,libcurl) $(LDFLAGS) -o $@ $< $(BUILD)/libreplay.a \
	    $(BUILD)/libdiff.a $(REPLAY_LIBS) $(DIFF_LIBS) $(ANSWER_LIBS)

# Not of the builds within this one, which may be under way.
-include $(shell find $(BUILD) \( -path '$(BUILD)/fuzz' -o -path '$(BUILD)/sanitized' \) -prune -o -name '*.d' -print 2>/dev/null)

clean:
	rm -rf $(BUILD)

install: all
	install -D -m 755 $(BUILD)/tally-verify $(DESTDIR)$(PREFIX)/bin/tally-verify
	install -D -m 644 $(BUILD)/tally-verify.1 $(DESTDIR)$(PREFIX)/share/man/man1/tally-verify.1
	install -D -m 755 $(BUILD)/tally-diff $(DESTDIR)$(PREFIX)/bin/tally-diff
	install -D -m 644 $(BUILD)/tally-diff.1 $(DESTDIR)$(PREFIX)/share/man/man1/tally-diff.1
	install -D -m 755 $(BUILD)/tally-replay $(DESTDIR)$(PREFIX)/bin/tally-replay
	install -D -m 644 $(BUILD)/tally-replay.1 $(DESTDIR)$(PREFIX)/share/man/man1/tally-replay.1
	install -D -m 644 diff/tally-diff.schema.json \
	    $(DESTDIR)$(PREFIX)/share/tally/tally-diff.schema.json
	install -D -m 644 diff/tally-request.schema.json \
	    $(DESTDIR)$(PREFIX)/share/tally/tally-request.schema.json
	install -D -m 644 replay/tally-replay.schema.json \
	    $(DESTDIR)$(PREFIX)/share/tally/tally-replay.schema.json
	install -D -m 644 verify/tally-verify.schema.json \
	    $(DESTDIR)$(PREFIX)/share/tally/tally-verify.schema.json

# Whoever only types `make check` waits for all of it: then all cores build, unless make was told -j.
PARALLEL = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

# A second make reads pkg-config's answers after the packages are there.
demo:
	@fixtures/packages demo
	@$(MAKE) $(PARALLEL) --no-print-directory all
	@fixtures/demo
	@TALLY_REPLAY=$(BUILD)/tally-replay fixtures/demo_replay $(BUILD)/demo

check:
	@fixtures/packages check
	@$(MAKE) $(PARALLEL) --no-print-directory all
	@$(MAKE) $(PARALLEL) --no-print-directory BUILD=$(BUILD)/sanitized OPTIMISE='-O1 -g' \
	    SANITIZE='$(SANITIZERS)' unit-programs $(BUILD)/sanitized/tally-verify
	@BUILD=$(BUILD) tests/run $(patsubst %.c,$(BUILD)/sanitized/%,$(UNIT_SOURCES))

# Unit tests and the trap suite run with the sanitizers, the other end-to-end tests as users get it.
SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
.PHONY: unit-programs
unit-programs: $(patsubst %.c,$(BUILD)/%,$(UNIT_SOURCES))

unit:
	@$(MAKE) $(PARALLEL) --no-print-directory BUILD=$(BUILD)/sanitized OPTIMISE='-O1 -g' \
	    SANITIZE='$(SANITIZERS)' unit-programs
	@for program in $(patsubst %.c,$(BUILD)/sanitized/%,$(UNIT_SOURCES)); do $$program || exit 1; done

fuzz:
	@tests/fuzz/run $(BUILD)/fuzz

lint:
	@tests/lint

# How fast, against the fastest way to read the same rows; not a part of `make check`.
bench:
	@fixtures/packages demo
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/bench/run
	@BUILD=$(BUILD) tests/bench/log
	@BUILD=$(BUILD) tests/bench/pages
	@BUILD=$(BUILD) tests/bench/send

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

# The same tests on other servers: see fixtures/matrix.
check-matrix:
	@fixtures/packages matrix
	@fixtures/matrix
