# Everything a newcomer, an engineer and the continuous integration need. `make help` lists it.
PRESET  ?= dev
JOBS    ?= $(shell nproc)
ARGS    ?=
SECONDS ?= 60
TARGETS ?=

OUT    := build/$(PRESET)
NINJA  := cmake --build $(OUT) -j $(JOBS)

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help setup configure build demo test test-asan test-tsan check fmt golden bench bench-micro fuzz soak clean

help:  ## This list
	@echo 'usage: make TARGET [PRESET=dev|release|asan|tsan|fuzz|coverage] [JOBS=N]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' Makefile

setup:  ## Install the Debian packages that are missing (sudo only if some are)
	@scripts/setup

# CMake itself runs again when its files change, so an existing cache is kept.
configure: setup
	@test -e $(OUT)/build.ninja || cmake --preset $(PRESET)

build: configure  ## Build everything into build/$(PRESET)
	@$(NINJA)

demo: configure  ## Show a mesh at work; ARGS=--once checks each step without a terminal and ends
	@$(NINJA) --target programs
	@$(OUT)/bin/ripstop demo $(ARGS)

test: build  ## Check the tree, run every test, end with the counts
	@scripts/test $(OUT) --check

test-asan:  ## Every test under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory build PRESET=asan
	@scripts/test build/asan

test-tsan:  ## Every test under ThreadSanitizer
	@$(MAKE) --no-print-directory build PRESET=tsan
	@scripts/test build/tsan

check: build  ## Format, clang-tidy, layers, sizes, self-contained headers, project text
	@tools/check --build $(OUT)

fmt: setup  ## Rewrite the C++ sources with clang-format
	@git ls-files -z --cached --others --exclude-standard '*.cc' '*.h' | xargs -0r clang-format-19 -i

golden: configure  ## Rewrite the golden files of dialects and translation; then read the diff
	@scripts/golden $(OUT)

bench:  ## Measure our proxy beside its peers; ARGS="--scenario S1c,S2o --reps 9" (scripts/setup --peers first)
	@$(MAKE) --no-print-directory configure PRESET=release
	@cmake --build build/release -j $(JOBS) --target ripstop-proxy ripstop-load ripstop-count
	@bench/run.py $(ARGS)

bench-micro:  ## Run every room's micro-benchmarks in the release build
	@$(MAKE) --no-print-directory configure PRESET=release
	@scripts/bench build/release

fuzz:  ## Run every fuzz target for SECONDS each; TARGETS="a_fuzz b_fuzz" picks some
	@$(MAKE) --no-print-directory configure PRESET=fuzz
	@cmake --build build/fuzz -j $(JOBS) --target fuzzers
	@scripts/fuzz build/fuzz $(SECONDS) $(TARGETS)

soak: SECONDS = 600
soak: configure  ## A mesh under mixed load and constant change for SECONDS (600): no failed request, flat memory
	@$(NINJA) --target programs
	@RIPSTOP_BUILD=$(CURDIR)/$(OUT) test/soak/soak.py --seconds $(SECONDS) $(ARGS)

clean:  ## Remove every build, but keep the vendored dependencies in build/deps
	@if [ -d build ]; then find build -mindepth 1 -maxdepth 1 ! -name deps -exec rm -rf {} +; fi
