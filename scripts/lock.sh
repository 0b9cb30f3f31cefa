#!/usr/bin/env bash
# Pins what pyproject.toml asks for: requirements.lock (to run) and requirements-dev.lock (what development adds to it).
# Each file of a version is named by its hash, and the hashes of a version that stays are kept. Of a new version of torch a
# machine that has one wheel in a folder sees one hash: make lock where PyTorch's CPU index can be reached, which has all.
# Newer versions: make lock UPGRADE=--upgrade
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
new=$(mktemp -d)
trap 'rm -r "$new"' EXIT
cat requirements.lock requirements-dev.lock >"$new/all" 2>/dev/null || true  # versions are kept unless UPGRADE says otherwise
cp "$new/all" "$new/run"
printf '%s\n' "$torch" >"$new/torch"
pin() {
    .venv/bin/uv pip compile --quiet --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
        --no-emit-find-links --generate-hashes --constraints "$new/torch" "$@" ${UPGRADE:-} pyproject.toml >/dev/null
}
pin --output-file "$new/run"
pin --output-file "$new/all" --extra dev --extra ray --constraints "$new/run"
{ echo "# Made by \`make lock\` from pyproject.toml; installed without following requirements."; cat "$new/run"; } >requirements.lock
{ echo "# Made by \`make lock\`: what development adds to requirements.lock."; grep -vxFf "$new/run" "$new/all"; } \
    >requirements-dev.lock
