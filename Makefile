# `make demo` and `make test` need nothing but the checkout and the tools named by `scripts/need`.
VENV   := .venv
PYTHON := $(VENV)/bin/python
NPM    := tests/js/node_modules/.stamp
BUILT  := $(VENV)/.built
RUST   := Cargo.toml Cargo.lock $(shell find engine -name '*.rs' -o -name Cargo.toml)

.PHONY: demo demo-portfolio test test-slow fuzz lint wheel bench lock clean build
.DELETE_ON_ERROR:

demo: build $(NPM) ## An account proves its margin and an EVM accepts the proof
	$(PYTHON) -m zkmargin demo

demo-portfolio: build $(NPM) ## The same of an account of options, under scenarios
	$(PYTHON) -m zkmargin demo portfolio

test: lint ## Everything CI runs
	cargo test --release --quiet --package zkmargin-core --package zkmargin-fuzz
	$(PYTHON) -m pytest -q -n 2 --dist worksteal

test-slow: build $(NPM) ## The exhaustive checks
	$(PYTHON) -m pytest -q -n 2 --dist worksteal -m slow

# What cargo-fuzz passes to the compiler, but for the sanitizers, which need a nightly one.
FUZZED := --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks
TARGET  ?= verify
SECONDS ?= 60

fuzz: ## One target of engine/fuzz under libFuzzer: make fuzz TARGET=verify SECONDS=600
	RUSTFLAGS="$(FUZZED)" cargo build --release --quiet --package zkmargin-fuzz \
	  --features libfuzzer --target-dir target/fuzz --target $$(rustc -vV | sed -n 's/^host: //p')
	mkdir -p target/fuzz/corpus/$(TARGET)
	ZKMARGIN_FUZZ=$(TARGET) target/fuzz/$$(rustc -vV | sed -n 's/^host: //p')/release/fuzz \
	  -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=1024 -max_len=384 -len_control=0 \
	  -artifact_prefix=target/fuzz/ target/fuzz/corpus/$(TARGET)

lint: build $(NPM)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	cargo fmt --check
	cargo clippy --release --all-targets --quiet -- -D warnings

wheel: build ## The wheel alone, in an empty environment, runs the demo
	scripts/check-wheel

# `make bench PEERS="--rapidsnark PROVER --gnark PEER"` measures beside them too: docs/benchmarks.md
bench: build $(NPM) ## Proofs beside other provers, growth and the leak test; writes docs/benchmarks.md
	$(PYTHON) -m bench.peers --work target/bench --write $(PEERS)
	$(PYTHON) -m bench.kernels --write
	$(PYTHON) -m bench.growth --work target/bench --write
	$(PYTHON) -m bench.leak --work target/bench --write

build: $(BUILT)

$(VENV)/.tools: requirements-dev.lock
	@sh scripts/need
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(BUILT): $(VENV)/.tools $(RUST) pyproject.toml
	MATURIN_PEP517_ARGS=--locked PATH="$(CURDIR)/$(VENV)/bin:$$PATH" \
	  $(PYTHON) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(NPM): tests/js/package-lock.json
	@sh scripts/need node
	npm ci --prefix tests/js --silent --no-audit --no-fund
	@touch $@

lock: ## Renew the lock of the Python packages (needs uv)
	uv pip compile pyproject.toml --group dev --universal --generate-hashes \
	  --no-emit-index-url --no-header --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) target tests/js/node_modules zk/_engine*.so
