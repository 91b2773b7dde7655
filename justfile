# What people do here. Each line also works when pasted into a shell with the environment active.

# the tests that run in minutes
test:
    python -m pytest -n 2

# those and the slow ones, as CI runs them
all:
    python -m pytest -n 2 -m "not sweep and not benchmark"

# linter, formatter, type checker
lint:
    ruff check .
    ruff format --check .
    biome ci
    mypy

# rebuild every ready-made workbook, its picture and the index
gallery:
    byhand gallery

# prove every derivation again and store its page
derivations:
    python -m byhand.derivations.rebuild

# teach the built-in models again
learnt:
    python tests/support/teach.py

# how fast it is, as a table of ratios with what is promised of each
benchmark:
    python -m pytest tests/benchmarks -m benchmark

# the documentation site, into the folder site
docs:
    python -m mkdocs build --strict
