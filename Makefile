.PHONY: help setup check test docs demo clean

help:  ## List what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 16

setup:  ## Make .venv with everything for working on Boxwright
	scripts/setup dev

check:  ## Format, lint, types, imports and size limits
	scripts/check

test:  ## Run the tests
	scripts/test

docs:  ## Write the generated parts of docs/
	scripts/setup dev
	.venv/bin/python scripts/write_docs.py

demo:  ## Train a detector on drawn shapes and show what it finds
	scripts/setup
	examples/demo.sh

clean:  ## Remove what demo, check and test have left, but not .venv
	rm -rf demo .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
