# The front of the build. `make demo` and `make test` are all a fresh Debian 12 needs.
PRESET ?= release
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
export FUZZ_SECONDS
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help deps build demo test test-asan test-tsan test-compose test-kubernetes fuzz bench bench-mind lint tidy up format config-reference

help:
	@echo 'make deps    install the Debian packages that the build needs'
	@echo 'make build   build everything into $(BUILD)'
	@echo 'make demo    watch the database tune itself: about three minutes after the build'
	@echo 'make test    unit, SQL and integration tests, all-in-one and as seven processes'
	@echo 'make test-asan  all tests under AddressSanitizer and UndefinedBehaviorSanitizer: an hour and more'
	@echo 'make test-tsan  unit, SQL and integration tests under ThreadSanitizer: an hour and more'
	@echo 'make test-compose     compose in a container engine, each service frozen, killed and cut off: six minutes, as root'
	@echo 'make test-kubernetes  the pods of deploy/kubernetes in a container engine: three minutes, as root'
	@echo 'make fuzz    every parser under libFuzzer for FUZZ_SECONDS (60) each; FUZZ="sql wire" names some'
	@echo 'make bench   ADBMS beside PostgreSQL 15 in the same run, as ratios: about eight minutes'
	@echo 'make bench-mind  22 shapes of statement left alone with the indexer, beside an expert: about four minutes'
	@echo 'make lint    formatting, include rules, protos'
	@echo 'make tidy    clang-tidy, after a build, on what changed within a day'
	@echo 'make up      run the server in the foreground (PostgreSQL wire on 127.0.0.1:5433)'
	@echo 'PRESET=debug|asan|tsan picks another build'

deps:
	@SUDO='$(SUDO)' tools/install_dependencies.sh
	@SUDO='$(SUDO)' tools/install_node_packages.sh

build:
	@cmake --preset $(PRESET) > /dev/null
	@cmake --build --preset $(PRESET) -j $(JOBS)

demo: deps build
	@$(BUILD)/bin/adbms demo

test: deps build
	@tests/run_tests.sh $(BUILD)

test-asan test-tsan: test-%: deps
	@$(MAKE) --no-print-directory build PRESET=$*
	@ctest --preset $* -j $(JOBS)

test-compose: deps build
	@SUDO='$(SUDO)' tools/install_dependencies.sh docker.io docker-compose debootstrap iptables
	@ADBMS_BUILD=$(BUILD) tests/deploy/compose_test.sh

test-kubernetes: deps build
	@SUDO='$(SUDO)' tools/install_dependencies.sh docker.io docker-compose debootstrap iptables
	@ADBMS_BUILD=$(BUILD) tests/deploy/kubernetes_pods_test.sh

fuzz: deps
	@SUDO='$(SUDO)' tools/install_dependencies.sh clang-14 libclang-rt-14-dev
	@$(MAKE) --no-print-directory build PRESET=fuzz
	@tests/fuzz/run_fuzz.sh build/fuzz $(FUZZ)

bench: deps build
	@ADBMS_BUILD=$(BUILD) tests/bench/run_bench.py $(BENCH)

bench-mind: deps build
	@ADBMS_BUILD=$(BUILD) tests/bench/index_shapes.py $(BENCH)

lint:
	@tools/lint.sh

tidy: deps build
	@tools/tidy.sh $(BUILD)

format:
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

up: deps build
	@$(BUILD)/bin/adbmsd

config-reference: build
	@$(BUILD)/bin/adbmsd --print-config-reference > deploy/config/REFERENCE.md
	@$(BUILD)/bin/adbmsd --print-settings-reference > deploy/config/SETTINGS.md
