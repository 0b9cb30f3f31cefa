#!/usr/bin/env bash
# Makes .venv from the two locks and installs aislemap in it, editable. Needs Python 3.11 or 3.12; run by `make setup`.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { printf 'set-up: %s\n' "$@" >&2; exit 1; }

for python in "${PYTHON:-python3.11}" python3.12 python3 ""; do
    "$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && break
done
[ -n "$python" ] || fail "no Python 3.11 or 3.12 with its venv module was found on the PATH." \
    "Install one (Debian, Ubuntu: apt-get install python3.11-venv) or name it: make setup PYTHON=<path to python>"
echo "set-up: .venv with $("$python" -V); CPU builds only, 3.8 GB on disk, from half a minute to some minutes"
.venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
.venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes \
    -r <(sed -n '/^uv==/,/[^\\]$/p' requirements-dev.lock)

. scripts/packages.sh
# `sync` installs the locks and nothing that their packages ask for: tf-keras would bring the full tensorflow. A file whose
# hash is not in them is refused. Compiled here: else the first run would compile what it imports, or, where no bytecode may be
# written, each process of each run.
.venv/bin/uv pip sync --require-hashes --compile-bytecode requirements.lock requirements-dev.lock || fail \
    "the packages could not be fetched; the lines above say which. Nothing else was put in their place." \
    "If it is $torch: let PIP_FIND_LINKS name a folder with its wheel, or allow PyTorch's CPU index, and repeat."
.venv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .
