# What there is to do here. "make" alone prints it.
.DEFAULT_GOAL := help
.PHONY: help build test lint race sim ring interop chaos bench figures docs image all

version := $(shell scripts/version.sh)

help: ## print this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "Each stage of .ci/run can be run alone: .ci/run 40-test. CONTRIBUTING.md says more."

build: ## the program, as bin/hearsay
	CGO_ENABLED=0 go build -ldflags "-X main.version=$(version)" -o bin/hearsay ./cmd/hearsay

test: ## the tests; needs Go and nothing else
	HEARSAY_BROWSER_TEST=$${HEARSAY_BROWSER_TEST:-no} go test ./...

lint: ## formatting and linters for Go, shell, Python; needs Docker's compose and .ci/10-install
	.ci/30-lint

race: ## the tests under the race detector; needs a C compiler
	.ci/45-race

sim: ## every scenario of the simulator, SEEDS=20 seeds each
	go run ./cmd/hearsay sim --scenario all --seeds $${SEEDS:-20}

ring: ## four nodes in one process find each other and talk; Ctrl-C ends them
	go run ./cmd/hearsay ring

interop: ## beside naive nodes, libzmq's sockets and liars; needs Linux and python3-zmq
	scripts/interop.sh

chaos: ## break real containers on purpose and watch them heal; needs Docker
	scripts/chaos.sh all

bench: ## Go's benchmarks; then one stream, beside bare zmq4 and libzmq, where libzmq's headers are
	go test -run '^$$' -bench . -benchmem ./topics ./mesh ./node/link
	@if [ -e /usr/include/zmq.h ]; then scripts/bench.sh; else echo "no /usr/include/zmq.h: scripts/bench.sh is left out"; fi

figures: ## the README's figures that depend on the machine
	.ci/run 60-mesh 90-figures

docs: ## docs/wire.md, from topics/doc.go
	scripts/docs.sh

image: ## the Docker image hearsay, which knows its version
	docker build --build-arg VERSION="$(version)" --tag hearsay .

all: ## everything that must hold: .ci/run, as root, an hour or less
	.ci/run
