# ngx_aidial_recording_module: what a person or a machine runs.  The recipes
# only call scripts in util/; each of them can be run by hand as well.

BUILD ?= debug
CC ?= cc
NGINX ?= /usr/sbin/nginx
JOBS ?= 2

include build/$(BUILD).mk

export BUILD CC MODULE_CFLAGS MODULE_LDFLAGS JOBS
export NGINX_SRC ?= $(CURDIR)/build/nginx-src
export TEST_NGINX_BINARY ?= $(NGINX)
export AIDIAL_MODULE ?= $(CURDIR)/build/$(BUILD)/ngx_aidial_recording_module.so

.DEFAULT_GOAL = help

.PHONY: help
help: ## list what there is to make
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /|/' | \
	    awk -F'|' '{ printf "  make %-11s %s\n", $$1, $$2 }'
	@echo "  BUILD=debug (default), release, sanitize or coverage"

.PHONY: demo
demo: ## install what is missing, build, and show the product
	@util/deps.sh build demo
	@$(MAKE) --no-print-directory build
	@util/demo.sh

.PHONY: test
test: ## install what is missing, build, and run every test
	@util/test.sh

.PHONY: unit
unit: ## the unit tests of core/ under ASan and UBSan
	@util/unit.sh

.PHONY: check
check: build ## style, layers, sizes, and code against documents and tests
	@util/check.sh

.PHONY: build
build: ## the dynamic module for the installed nginx, in build/$BUILD
	@util/build.sh

.PHONY: tnginx
tnginx: build ## the Test::Nginx suite against the installed nginx
	@util/conformance/build.sh
	@util/tnginx.sh $(T)

.PHONY: e2e
e2e: ## the browser tests of the card and the portal
	@util/e2e.sh $(T)

.PHONY: conformance
conformance: ## what a portal wrote to REDIS=url, held to the contract
	@util/conformance.sh

.PHONY: race
race: build ## edges against each other and against faults, a small race
	@util/race.sh

.PHONY: soak
soak: build ## the same for SOAK_SECONDS (1800)
	@util/race.sh soak

.PHONY: bench
bench: ## measure the module beside what people use today
	@util/deps.sh build bench
	@util/deps-bench.sh
	@$(MAKE) --no-print-directory build BUILD=release
	@t/bench/bench.sh

.PHONY: static
static: ## static and dynamic build with nginx's plain source tree
	@util/static.sh

.PHONY: deps
deps: ## install what is missing, and nothing else
	@util/deps.sh

.PHONY: clean
clean: ## remove what was built (the fetched source stays)
	rm -rf build/debug build/release build/sanitize build/coverage \
	    build/static build/unit build/conformance build/bench build/libs \
	    t/servroot_*
