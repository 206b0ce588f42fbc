# Every target sets up what it needs: a virtual environment of its own in .venv, on any machine with Python 3.11+ and make.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run
# LOCKED=1 takes exactly the versions and hashes of requirements/, for building too; .ci/run and .ci/full set it.
DEV := $(VENV)/.dev$(if $(LOCKED),-locked)
ISOLATION := $(if $(LOCKED),--no-build-isolation)
SAMPLES := sample_logs
E2E ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/loganalyzer-e2e
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo docs site test test-browser test-no-hyperscan mutants lint format coverage notebooks bench \
	bench-live bench-scaling bench-short fuzz soak e2e e2e-short build audit lock environment full clean

help: ## show the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(RUN): $(VENV)/.created pyproject.toml
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.created pyproject.toml
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $(RUN) $@

$(VENV)/.dev-locked: $(VENV)/.created pyproject.toml requirements/build.txt requirements/dev.txt
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/build.txt
	$(BIN)/pip install --quiet --require-hashes --no-build-isolation --requirement requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(RUN) $@

environment: $(DEV)

demo: $(RUN) ## diagnose some of the sample logs: as a pipe, as files, as JSON lines, and a runbook
	@echo; echo '=== A log on standard input, as in: openclaw logs --follow | loganalyzer'; echo
	cat $(SAMPLES)/whatsapp.session-terminated/twelve-retries/openclaw-logs.txt | $(BIN)/loganalyzer
	@echo; echo '=== Several files of one host: the gateway log ends, the system log says why'; echo
	$(BIN)/loganalyzer analyze $(SAMPLES)/gateway.oom/kernel-kill-two-files/*log --reference-time 2026-11-20T14:00:00Z --tz UTC
	@echo; echo '=== For programs: one JSON object for each incident'; echo
	$(BIN)/loganalyzer analyze $(SAMPLES)/whatsapp.session-conflict/replaced/console.log --format jsonl | cut -c 1-400
	@echo; echo '=== A healthy gateway'; echo
	$(BIN)/loganalyzer analyze $(SAMPLES)/healthy/gateway-file/openclaw-2026-11-20.log
	@echo; echo '=== A configuration change, a restart, and clients that are refused: causes and what to do'; echo
	$(BIN)/loganalyzer analyze $(SAMPLES)/gateway.device-token-mismatch/after-config-change/openclaw-2026-11-20.log

test: $(DEV) ## run the fast tests
	$(BIN)/pytest -q -m 'not slow and not e2e and not browser' -n auto
	@echo 'Left out: the tests in a browser (make test-browser).'

test-browser: $(DEV) ## run the tests of the HTML report in Chromium (CHROMIUM=/path/to/chromium)
	$(BIN)/pytest -q -m 'browser and not slow' tests/outputs

test-no-hyperscan: $(DEV) ## run the tests of the scan with its second backend
	LOGANALYZER_SCAN_BACKEND=ahocorasick $(BIN)/pytest -q -m 'not slow and not e2e and not browser' -n auto \
		--ignore tests/scan/test_scan_backends.py tests/scan tests/properties tests/cases

lint: $(DEV) ## check style, types, the direction of imports, the pattern packs and the documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/loganalyzer patterns lint
	$(BIN)/loganalyzer patterns test
	$(BIN)/python docs/refresh.py --check

format: $(DEV) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

mutants: $(VENV)/.mutants ## plant small faults in the judgement and count those that the tests find (half an hour)
	$(BIN)/python tests/mutation/run.py

$(VENV)/.mutants: $(DEV)
	$(BIN)/pip install --quiet $(if $(LOCKED),--require-hashes --no-build-isolation --requirement requirements/mutants.txt,\
		--editable '.[dev-mutants]')
	@touch $@

coverage: $(DEV) ## run all tests and show which branches they miss
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

notebooks: $(DEV) ## execute the notebooks
	$(BIN)/pytest -q --nbmake --nbmake-timeout=300 -W 'ignore' notebooks

bench: $(DEV) ## measure speed and memory against other programs (SIZE_MB=100 RUNS=7)
	$(BIN)/python bench/compare.py --size-mb $(or $(SIZE_MB),100) --runs $(or $(RUNS),7)

bench-short: $(DEV) ## a report in half a minute: one archive, dense logs, the first answer
	$(BIN)/python bench/compare.py --quick --size-mb 20 --runs 1 --only 'gateway, 10 % warnings' --only dense
	$(BIN)/python bench/live.py start --runs 3

bench-live: $(DEV) ## measure the first answer, the latency of follow, and its memory over a day of 10 million lines
	$(BIN)/python bench/live.py

bench-scaling: $(DEV) ## measure how time and memory grow from 1 to 4 GB and with ten times the patterns
	$(BIN)/python bench/scaling.py bytes
	$(BIN)/python bench/scaling.py patterns

$(VENV)/.fuzz: $(DEV)
	$(BIN)/pip install --quiet $(if $(LOCKED),--require-hashes --no-build-isolation --requirement requirements/fuzz.txt,\
		--editable '.[dev-fuzz]')
	@touch $@

fuzz: $(VENV)/.fuzz ## search for inputs that break an invariant (TARGET=all SECONDS=60 for each; KEEP=1: into the corpus)
	$(BIN)/python tests/fuzz/run.py $(or $(TARGET),all) --seconds $(or $(SECONDS),60) $(if $(KEEP),--keep) $(FUZZ)

soak: $(DEV) ## follow a log to which everything happens, and check that nothing is lost (MINUTES=60 RATE=2000 SEED=1)
	$(BIN)/python bench/soak.py --minutes $(or $(MINUTES),60) --rate $(or $(RATE),2000) --seed $(or $(SEED),1)

docs: $(DEV) ## renew outputs and tables in the documentation
	$(BIN)/python docs/refresh.py

site: $(DEV) ## build the documentation as a site into build/site; broken links are errors
	$(BIN)/python docs/pages.py
	$(BIN)/zensical build --strict --config-file build/mkdocs.yml

build: $(DEV) ## build the wheel and its list of components (SBOM) into dist/
	rm -rf dist
	$(BIN)/pip wheel --quiet --no-deps $(ISOLATION) --wheel-dir dist .
	for wheel in dist/*.whl; do $(BIN)/cyclonedx-py requirements requirements/run.txt --pyproject pyproject.toml \
		--output-reproducible --output-file "$${wheel%.whl}.cdx.json"; done

audit: $(DEV) ## report known vulnerabilities of the locked dependencies; asks a public service, fails never
	$(BIN)/python .ci/audit

lock: $(VENV)/.created ## renew the versions and hashes in requirements/ (UPGRADE=1: to the latest versions)
	$(BIN)/pip install --quiet uv
	$(LOCK) requirements/build.in --output-file requirements/build.txt
	$(LOCK) pyproject.toml --output-file requirements/run.txt
	$(LOCK) pyproject.toml --extra dev --output-file requirements/dev.txt
	$(LOCK) pyproject.toml --extra dev --extra dev-remote --output-file requirements/full.txt
	$(LOCK) pyproject.toml --extra dev-mutants --constraints requirements/dev.txt --output-file requirements/mutants.txt
	$(LOCK) pyproject.toml --extra dev-fuzz --constraints requirements/run.txt --output-file requirements/fuzz.txt

e2e: $(DEV) ## run the tests against real OpenClaw releases, installed once with npm (2.2 GB)
	tests/e2e/install $(E2E)
	LOGANALYZER_E2E=$(E2E) $(BIN)/pytest -q -m e2e tests/e2e

e2e-short: $(DEV) ## the shortest of them, with the newer release only (920 MB): silence, two faults, no gateway
	tests/e2e/install $(E2E) newer
	LOGANALYZER_E2E=$(E2E) LOGANALYZER_E2E_QUIET_S=10 $(BIN)/pytest -q -m e2e tests/e2e/test_faults.py \
		-k 'left_alone or wrong_token or invalid_edit or (stopped_gateway and 2026.9.6)'

full: $(DEV) ## everything that takes long: slow tests, a short benchmark, the wheel in a fresh environment
	.ci/full

clean: ## remove the virtual environment and everything built
	rm -rf $(VENV) dist build mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
