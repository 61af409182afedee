# Every target makes or reuses .venv by itself: `make demo` needs nothing but Python 3.11 to 3.13 and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := runs/demo
REVIEW := I expected terrible soup, but it was wonderful.

.PHONY: demo test test-jax test-backends slow lint backends benchmark wheel pin clean

demo: $(VENV)/run.done
	$(BIN)/python -m apps.sentiment train --run $(RUN) --overwrite
	$(BIN)/python -m apps.sentiment evaluate --run $(RUN)
	$(BIN)/python -m apps.sentiment predict --run $(RUN) --explain $(RUN)/explained.html "$(REVIEW)" "Completely lacking in good taste, good service and good ambience."
	$(BIN)/python -m apps.sentiment export --run $(RUN)
	@echo
	@echo "Look at $(RUN)/explained.html and the pictures in $(RUN)/plots; then try"
	@echo "  $(BIN)/python -m apps.sentiment predict --run $(RUN) \"The fish was anything but good.\""

test: $(VENV)/dev.done
	$(BIN)/python -m pytest -n 2 -m "not slow and not realdata"
	$(BIN)/python -m pytest -m "realdata and not slow" || [ $$? -eq 5 ]

# Without optimisations of XLA, and keeping what it compiled: these tests compile far longer than they run.
test-jax: $(VENV)/dev.done
	KERAS_BACKEND=jax XLA_FLAGS=--xla_backend_optimization_level=0 JAX_COMPILATION_CACHE_DIR=$(VENV)/jax \
		JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0 JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1 $(BIN)/python -m pytest -n 2 tests/layers

# The layers on every backend; `make test` has them on TensorFlow.
test-backends: backends test-jax
	KERAS_BACKEND=torch $(BIN)/python -m pytest -n 2 tests/layers

backends: $(VENV)/backends.done

slow: $(VENV)/dev.done
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmark: backends
	$(BIN)/python -m benchmarks.sentiment
	$(BIN)/python -m benchmarks.layers
	$(BIN)/python -m benchmarks.embeddings
	$(BIN)/python -m benchmarks.ner
	$(BIN)/python -m benchmarks.captioning
	$(BIN)/python -m benchmarks.trigger_word

wheel: $(VENV)/dev.done
	$(BIN)/python -m build --wheel

# Chooses every version anew from pyproject.toml; needs uv.
pin:
	uv pip compile -q --no-annotate --no-header pyproject.toml --extra embeddings --extra apps -o requirements.txt
	uv pip compile -q --no-annotate --no-header --group dev -c requirements.txt -o requirements-dev.txt
	sed -i '1i -r requirements.txt' requirements-dev.txt
	# PyTorch names the CUDA packages that its build wants by itself.
	uv pip compile -q --no-annotate --no-header --group backends -c requirements.txt -c requirements-dev.txt | \
		grep -Ev '^(nvidia|cuda|triton|setuptools)' > requirements-backends.txt
	sed -i '1i -r requirements-dev.txt' requirements-backends.txt

$(VENV)/run.done: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/dev.done: requirements-dev.txt $(VENV)/run.done
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

$(VENV)/backends.done: requirements-backends.txt $(VENV)/dev.done
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-backends.txt
	touch $@

clean:
	rm -rf $(VENV) runs build dist *.egg-info .pytest_cache .hypothesis .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
