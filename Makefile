# blockjobd. `make help` lists the targets; nothing but Swift 6.3 and Debian 12 is assumed.

SWIFT   ?= swift
PYTHON  ?= /usr/bin/python3
PREFIX  ?= /usr/local
DESTDIR ?=
UNITDIR ?= $(PREFIX)/lib/systemd/system
BINARY  ?= $(CURDIR)/.build/release/blockjobd
# Swift's own program that says where a trap was, which `make build` finds in the toolchain.
BACKTRACER ?= $(dir $(BINARY))swift-backtrace-static

BUILD_PACKAGES = libjansson-dev liburing-dev zlib1g-dev libzstd-dev pkg-config
RUN_PACKAGES   = $(BUILD_PACKAGES) e2fsprogs diffutils python3
TEST_PACKAGES  = $(RUN_PACKAGES) qemu-utils qemu-system-common socat python3-venv systemd mount
FORMATTED      = Package.swift Sources Tests
VENV           = .build/venv
# The C++ library that Swift's runtime needs, where the linker finds it first: inside the binary it costs 1 MiB less at run time.
ARCHIVES       = .build/archives
# 38,000 addresses are relocated at each start: packed, they are read in a tenth of the memory. Debian 12's C library is the first that can.
RELEASE        = -c release --static-swift-stdlib -Xlinker -L$(CURDIR)/$(ARCHIVES) -Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs
GENERATE       = qapi-generate --schema Sources/QAPI/Schema/schema.json --swift Sources/QAPI/Generated --reference Docs/QMP-Reference.md

.DEFAULT_GOAL := help
.PHONY: help run test check build bench generate fmt coverage sanitize prove fuzz install uninstall clean setup swift-is-there run-packages build-packages venv

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: build run-packages ## build, then copy a real disk image twice over QMP and prove the copies
	@$(PYTHON) Tests/Demo/run.py --daemon "$(BINARY)"

# What talks to daemons runs by itself: between tests that take the processors, replies and events of both daemons change their order.
PROCESS_TESTS = DifferentialTests|ClientTests|DaemonTests
test: setup ## run the whole test suite
	$(SWIFT) test --disable-xctest --skip '$(PROCESS_TESTS)'
	$(SWIFT) test --disable-xctest --skip-build --filter '$(PROCESS_TESTS)'

check: build-packages ## formatting, freshness of generated code, import rules, no warnings
	$(SWIFT) format lint --strict --recursive --configuration .swift-format $(FORMATTED)
	$(SWIFT) build --build-tests --explicit-target-dependency-import-check error
	$(SWIFT) run --skip-build $(GENERATE) --check

build: build-packages ## release binary with the Swift library inside: .build/release/blockjobd
	@mkdir -p $(ARCHIVES) && clang="$$(dirname "$$(readlink -f "$$(command -v $(SWIFT))")")/clang" && \
	    archive="$$("$$clang" -print-file-name=libstdc++.a)" && if [ -e "$$archive" ]; then ln -sf "$$archive" $(ARCHIVES)/; fi
	$(SWIFT) build $(RELEASE) --product blockjobd
	@backtracer="$$(dirname "$$(readlink -f "$$(command -v $(SWIFT))")")/../libexec/swift/linux/swift-backtrace-static"; \
	    if [ -x "$$backtracer" ]; then ln -sf "$$backtracer" .build/release/; fi

bench: build setup ## measure blockjobd and qemu-storage-daemon side by side (ARGS=--quick, ARGS=--update)
	$(SWIFT) build -c release --static-swift-stdlib -Xlinker -L$(CURDIR)/$(ARCHIVES) --package-path Tests/Bench/io --scratch-path .build/bench
	@$(PYTHON) Tests/Bench/bench.py --daemon "$(BINARY)" --io .build/bench/release/qcow2-io $(ARGS)

generate: build-packages ## renew Sources/QAPI/Generated and Docs/QMP-Reference.md from the schema
	$(SWIFT) run $(GENERATE)

fmt: swift-is-there ## format the sources in place
	$(SWIFT) format --in-place --recursive --configuration .swift-format $(FORMATTED)

coverage: setup ## line coverage of Sources by the suite
	$(SWIFT) test --enable-code-coverage --scratch-path .build/coverage
	@bin=$$($(SWIFT) build --scratch-path .build/coverage --show-bin-path); \
	cov=$$(dirname "$$(readlink -f "$$(command -v $(SWIFT))")")/llvm-cov; [ -x "$$cov" ] || cov=llvm-cov; \
	"$$cov" report "$$bin"/*.xctest -instr-profile "$$bin/codecov/default.profdata" \
	    -ignore-filename-regex '(\.build|Tests)/'

sanitize: setup ## the suite under the thread sanitizer, then under the address sanitizer
	BLOCKJOBD_SANITIZED=1 TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/Setup/thread-sanitizer.supp" \
	    $(SWIFT) test --disable-xctest --sanitize=thread --scratch-path .build/thread-sanitizer
	BLOCKJOBD_SANITIZED=1 LSAN_OPTIONS="suppressions=$(CURDIR)/Tests/Setup/leak-sanitizer.supp:print_suppressions=0" \
	    $(SWIFT) test --disable-xctest --sanitize=address --scratch-path .build/address-sanitizer

PROVE_SEEDS ?= 100
IO_STORM_SEEDS ?= 300
GRAPH_LISTS ?= 400
GRAPH_SEED ?= 1
prove: setup ## random and crash tests of qcow2 images with many seeds (PROVE_SEEDS=100, each for every kind of image), 300 storms of I/O, 500 ends, and 400 lists of commands against QEMU
	QCOW2_SEEDS=$(PROVE_SEEDS) QCOW2_CRASH_SEEDS=$$(( $(PROVE_SEEDS) / 20 + 1 )) QCOW2_MUTATIONS=$(PROVE_SEEDS) \
	    $(SWIFT) test --disable-xctest --filter ImageFormatsTests
	SWIFT_DETERMINISTIC_HASHING=1 IO_STORM_SEEDS=$(IO_STORM_SEEDS) $(SWIFT) test --disable-xctest --filter IOStormTests
	$(PYTHON) -B Tests/Fuzz/wire/ends.py --daemon .build/debug/blockjobd --ends 500
	$(PYTHON) -B Tests/Fuzz/wire/graphs.py --daemon .build/debug/blockjobd --sequences $(GRAPH_LISTS) --seed $(GRAPH_SEED) --keep .build

FUZZ_SECONDS ?= 60
FUZZ_COMMANDS ?= 100000
FUZZ_SEED ?= $(shell date +%s)
fuzz: build setup ## random commands through the wire (FUZZ_COMMANDS, FUZZ_SEED), then hostile qcow2 images for FUZZ_SECONDS (60)
	$(PYTHON) -B Tests/Fuzz/wire/commands.py --daemon "$(BINARY)" --commands $(FUZZ_COMMANDS) --seed $(FUZZ_SEED) --keep .build --verbose
	$(SWIFT) build -c release --package-path Tests/Fuzz --scratch-path .build/fuzz
	@rm -rf .build/fuzz/seeds && mkdir -p .build/fuzz/seeds .build/fuzz/corpus && Tests/Fuzz/corpus.sh .build/fuzz/seeds
	.build/fuzz/release/fuzz .build/fuzz/corpus .build/fuzz/seeds -max_total_time=$(FUZZ_SECONDS) -max_len=120000 -timeout=20 -detect_leaks=0 \
	    -rss_limit_mb=1024 -artifact_prefix=.build/fuzz/ -print_final_stats=1

install: ## copy the built binary and the units below $(DESTDIR)$(PREFIX)
	@[ -x "$(BINARY)" ] || { echo "no $(BINARY): run 'make build' first" >&2; exit 1; }
	install -D -m 755 "$(BINARY)" "$(DESTDIR)$(PREFIX)/bin/blockjobd"
	install -d "$(DESTDIR)$(UNITDIR)" "$(DESTDIR)$(PREFIX)/share/doc/blockjobd/Docs"
	@if [ -x "$(BACKTRACER)" ]; then \
	    install -D -m 755 "$(BACKTRACER)" "$(DESTDIR)$(PREFIX)/libexec/blockjobd/swift-backtrace-static"; \
	    sed 's|/usr/local/|$(PREFIX)/|' systemd/blockjobd.service; \
	else \
	    echo "no $(BACKTRACER): should the daemon ever trap, the log will not say where" >&2; \
	    sed -e '/^# Where the daemon trapped/d' -e '/^Environment=SWIFT_BACKTRACE/d' -e 's|/usr/local/|$(PREFIX)/|' systemd/blockjobd.service; \
	fi > "$(DESTDIR)$(UNITDIR)/blockjobd.service"
	chmod 644 "$(DESTDIR)$(UNITDIR)/blockjobd.service"
	install -m 644 systemd/blockjobd.socket "$(DESTDIR)$(UNITDIR)/blockjobd.socket"
	install -m 644 README.md LICENSE systemd/block-devices.conf "$(DESTDIR)$(PREFIX)/share/doc/blockjobd/"
	install -m 644 Docs/*.md "$(DESTDIR)$(PREFIX)/share/doc/blockjobd/Docs/"

uninstall: ## remove what install copied
	rm -f "$(DESTDIR)$(PREFIX)/bin/blockjobd" "$(DESTDIR)$(UNITDIR)/blockjobd.service" "$(DESTDIR)$(UNITDIR)/blockjobd.socket"
	rm -rf "$(DESTDIR)$(PREFIX)/share/doc/blockjobd" "$(DESTDIR)$(PREFIX)/libexec/blockjobd"

clean: ## remove everything that was built
	rm -rf .build

setup: swift-is-there ## install what the build and the tests need (apt, with sudo when not root)
	@Tests/Setup/packages.sh $(TEST_PACKAGES)
	@$(MAKE) --no-print-directory venv

build-packages: swift-is-there
	@Tests/Setup/packages.sh $(BUILD_PACKAGES)

run-packages:
	@Tests/Setup/packages.sh $(RUN_PACKAGES)

# A virtual environment is usable once pip has put qemu.qmp into it; an interrupted one is made again.
venv:
	@[ -x $(VENV)/bin/qmp-shell ] || { rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) && $(VENV)/bin/pip install --quiet qemu.qmp; }

swift-is-there:
	@command -v $(SWIFT) >/dev/null || { echo "Swift 6.3 is needed and 'swift' is not in PATH: see https://www.swift.org/install/linux/" >&2; exit 1; }
