# Two commands: `make demo` runs a night on real recordings, `make test` passes lint, types and tests.
# Both set up .venv by themselves from the versions in constraints.txt.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OUT    ?= out

.PHONY: demo test lint types lock clean

demo: $(VENV)/demo.done
	$(BIN)/inspect-pipeline run fixtures/calls --out $(OUT)

test: lint types
	$(BIN)/python -X warn_default_encoding -m pytest -n 2 --dist loadfile

lint: $(VENV)/test.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/test.done
	$(BIN)/mypy

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.done: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[offline]'
	@touch $@

$(VENV)/test.done: $(VENV)/demo.done
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[offline,postgres]' \
	  $$($(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"])' | sed 's/[<>=][^ ]*//g')
	@touch $@

# Write constraints.txt anew from the newest versions that fit pyproject.toml.
lock:
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet '.[offline,postgres]' \
	  $$(.venv-lock/bin/python -c 'import tomllib; groups = tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]; print(*groups["dev"], *groups["bench"])')
	{ echo '# The versions that `make` installs. Written by `make lock`.'; \
	  .venv-lock/bin/python -m pip freeze --exclude inspect-pipeline | grep -v '@'; } > constraints.txt
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) $(OUT)
