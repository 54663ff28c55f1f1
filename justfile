# Ten verbs at most. `just` alone lists them.

python := if path_exists(".venv/bin/python") == "true" { ".venv/bin/python" } else { "python3" }

[private]
default:
    @just --list --unsorted

# make .venv, install everything that the tests need, build the web UI
init:
    python3 scripts/test.py --only ruff

# run every check (the same as .ci/run); names of checks limit it: `just test pytest web-test`
test *names:
    {{ python }} scripts/test.py --no-install {{ if names == "" { "" } else { "--only " + names } }}

# ruff, import contracts, biome
lint:
    {{ python }} scripts/test.py --no-install --only ruff format imports web-lint

# basedpyright and tsc
types:
    {{ python }} scripts/test.py --no-install --only types web-types

# build the web UI into the package
ui:
    {{ python }} scripts/build_ui.py

# the browser tests
e2e *arguments:
    {{ python }} -m pytest -m browser {{ arguments }}

# every promise as a table: ours, the peers', the ratio
bench *arguments:
    {{ python }} benchmarks/run_all.py {{ arguments }}

# what is too long for every change: kill loops, planted faults, fuzzing, peers; ends with one verdict
soak *arguments:
    {{ python }} scripts/soak.py {{ arguments }}

# let ruff and biome mend what they can
fix:
    {{ python }} -m ruff check --fix .
    {{ python }} -m ruff format .
    {{ python }} scripts/build_ui.py npm run format
