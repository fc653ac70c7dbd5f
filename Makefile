# SPDX-License-Identifier: Apache-2.0
#
# 'make help' lists what there is to do.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.DELETE_ON_ERROR:

PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60
PART ?=

products := latchkey latchkeyd latchkey-agent
programs := $(products:%=.build/release/%)
# Where what is not for the PATH goes: the client under the name of the Session Manager plugin.
plugin_folder := $(DESTDIR)$(PREFIX)/libexec/latchkey
plugin := session-manager-plugin
console_folder := $(DESTDIR)$(PREFIX)/share/latchkey/console
man_folder := $(DESTDIR)$(PREFIX)/share/man/man1
api_page := $(DESTDIR)$(PREFIX)/share/man/man7/latchkeyd-api.7
bash_completion := $(DESTDIR)$(PREFIX)/share/bash-completion/completions/latchkey
zsh_completion := $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_latchkey
fish_completion := $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/latchkey.fish

# What starts fastest (ARCHITECTURE.md): nothing of Swift or C++ is left for the dynamic linker. Only a folder
# that holds the archive alone makes the linker take it.
release := -c release --static-swift-stdlib -Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs \
    -Xlinker --gc-sections -Xlinker -L$(CURDIR)/.build/static
sources := $(shell find Package.swift Sources -type f)
swift_files := $(wildcard Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/ServerLoad Benchmarks/Sources)
# The tests that run what they test in their own process, which the sanitizers watch.
in_one_process := ^Latchkey(API|Agent|Authorization|Broker|Crypto|Keys|Metrics|Model|SQLite|SSH|SessionProtocol|Store|System|Terminal|Transport)Tests\.
python_files := Benchmarks/console.py Examples Tests/Attack/attack Tests/Scripts
scripts := .ci/apart .ci/console .ci/engine .ci/install-packages .ci/python-tools .ci/ruff .ci/run .ci/suites Docker/base-image Docker/demo Docker/engine \
    Docker/instance-image Docker/instance/entrypoint Docker/server-image Docker/server/entrypoint

.PHONY: help build deps toolchain image test lint install install-plugin uninstall demo demo-down benchmark fuzz sanitize clean

help: ## list the targets
	sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

build: deps ## build client, server and agent: .build/release/latchkey{,d,-agent}
	mkdir -p .build/static
	ln -sfn "$$(gcc -print-file-name=libstdc++.a)" .build/static/libstdc++.a
	.ci/console
	swift build $(release)

deps: toolchain ## install the packages that a build needs, if any is missing
	.ci/install-packages build

toolchain:
	if ! command -v swift >/dev/null; then
	    printf 'latchkey: %s\n' 'swift is not on the PATH' \
	        'hint: Swift 6.2 or newer is needed, from https://www.swift.org/install' >&2
	    exit 1
	fi

image: build ## make the images of latchkeyd and of instances, for Docker/compose.yaml
	Docker/engine
	Docker/instance-image
	Docker/server-image

test: deps ## run all tests, against containers or else a private sshd
	.ci/install-packages test
	# Told by the caller, or found out: without an engine a private sshd stands in, except in CI.
	engine=$${LATCHKEY_TEST_ENGINE-}
	if [[ -z $$engine ]] && Docker/engine && Docker/instance-image >/dev/null; then engine=docker; fi
	if [[ -z $$engine && $${CI-} == true ]]; then
	    printf 'latchkey: no containers to test with, which CI does not put up with\n' >&2
	    exit 1
	elif [[ -z $$engine ]]; then
	    engine=sshd
	    printf 'latchkey: no containers to test with, a private sshd stands in\n' >&2
	fi
	.ci/console
	swift build --build-tests
	tools=$$(.ci/python-tools)
	PATH=$${tools:+$$tools:}$$PATH LATCHKEY_TEST_ENGINE=$$engine .ci/apart swift test --skip-build

lint: toolchain ## check the form of the sources and scripts
	.ci/install-packages lint
	swift format lint --strict --recursive --parallel $(swift_files)
	shellcheck $(scripts)
	.ci/ruff $(python_files)

install: $(programs) ## install programs, man pages and completions (PREFIX=/usr/local DESTDIR=)
	for product in $(products); do
	    install -D -s -m 755 ".build/release/$$product" "$(DESTDIR)$(PREFIX)/bin/$$product"
	    install -D -m 644 "man/$$product.1" "$(man_folder)/$$product.1"
	done
	completion() {
	    .build/release/latchkey --generate-completion-script "$$1" | install -D -m 644 /dev/stdin "$$2"
	}
	completion bash '$(bash_completion)'
	completion zsh '$(zsh_completion)'
	completion fish '$(fish_completion)'
	rm -rf '$(console_folder)'
	install -d '$(console_folder)'
	cp -R --no-preserve=ownership .build/console/. '$(console_folder)/'
	install -d '$(plugin_folder)'
	ln -sfn ../../bin/latchkey '$(plugin_folder)/$(plugin)'
	install -D -m 644 'man/latchkey-$(plugin).1' '$(man_folder)/latchkey-$(plugin).1'
	install -D -m 644 man/latchkeyd-api.7 '$(api_page)'

install-plugin: install ## install, and put latchkey on the PATH as session-manager-plugin, for the stock aws CLI
	if [[ -e '$(DESTDIR)$(PREFIX)/bin/$(plugin)' && ! -L '$(DESTDIR)$(PREFIX)/bin/$(plugin)' ]]; then
	    printf 'latchkey: %s\n' '$(DESTDIR)$(PREFIX)/bin/$(plugin) is there already, and is not a link' \
	        'hint: remove it, if latchkey is to take its place' >&2
	    exit 1
	fi
	ln -sfn latchkey '$(DESTDIR)$(PREFIX)/bin/$(plugin)'

# So that root, who may have no swift, can install what was built before.
$(programs) &: $(sources)
	$(MAKE) --no-print-directory build
	touch $(programs)

uninstall: ## remove what install has put there
	rm -f $(products:%='$(DESTDIR)$(PREFIX)/bin/%') $(products:%='$(man_folder)/%.1')
	rm -f '$(bash_completion)' '$(zsh_completion)' '$(fish_completion)' '$(man_folder)/latchkey-$(plugin).1' '$(api_page)'
	rm -f '$(plugin_folder)/$(plugin)'
	rm -rf '$(console_folder)'
	rmdir --ignore-fail-on-non-empty '$(dir $(console_folder))' 2>/dev/null || true
	rmdir --ignore-fail-on-non-empty '$(plugin_folder)' 2>/dev/null || true
	# One that is not this program's is left alone.
	if [[ $$(readlink '$(DESTDIR)$(PREFIX)/bin/$(plugin)') == latchkey ]]; then
	    rm '$(DESTDIR)$(PREFIX)/bin/$(plugin)'
	fi

demo: ## start an instance in a container and enter it
	Docker/demo up

demo-down: ## remove the demo's instance, its keys and all it wrote
	Docker/demo down

benchmark: build ## measure, beside ssh or terminado (PART=entry|resolution|lookup|describe|relay|console for one part)
	.ci/install-packages test
	if [[ '$(PART)' != console ]]; then
	    LATCHKEY_BENCHMARKING=1 swift build $(release) --product ServerLoad
	    swift run -c release --package-path Benchmarks benchmarks $(CURDIR)/.build/release $(PART)
	fi
	if [[ -z '$(PART)' || '$(PART)' == console ]]; then
	    tools=$$(.ci/python-tools benchmark)
	    if [[ -n $$tools ]]; then .ci/apart "$$tools/python3" Benchmarks/console.py .build/release; fi
	fi

fuzz: deps ## feed nonsense to the parsers, for FUZZ_SECONDS (60) each
	export LATCHKEY_FUZZING=1
	swift build --scratch-path .build-fuzz --product Fuzzing -Xswiftc -sanitize=fuzzer,address
	for parser in ppk public openssh authorized-keys fingerprint message smux websocket http url session-task \
	        signature query xml ini console; do
	    printf 'fuzzing %s\n' "$$parser"
	    corpus=.build-fuzz/corpus/$$parser
	    mkdir -p "$$corpus"
	    # What only a well-formed beginning leads to is rarely found from nothing.
	    if [[ -d Tests/Fuzzing/Seeds/$$parser ]]; then cp Tests/Fuzzing/Seeds/"$$parser"/* "$$corpus"; fi
	    (cd .build-fuzz && debug/Fuzzing "$$parser" -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -verbosity=0 \
	        -print_final_stats=1 "corpus/$$parser")
	done

sanitize: deps ## run what one process can test under the address and the thread sanitizer (KIND=address|thread for one)
	for kind in $(or $(KIND),address thread); do
	    swift build --build-tests --scratch-path ".build-$$kind" --sanitize="$$kind"
	    printf 'latchkey: under the %s sanitizer\n' "$$kind"
	    LATCHKEY_TEST_ENGINE=sshd TSAN_OPTIONS=suppressions=Tests/thread.suppressions ASAN_OPTIONS=detect_leaks=0 \
	        .ci/apart ".build-$$kind"/debug/*PackageTests.xctest --testing-library swift-testing --filter '$(in_one_process)'
	done

clean: ## remove what was built
	rm -rf .build .build-address .build-fuzz .build-thread Benchmarks/.build
