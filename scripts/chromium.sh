#!/usr/bin/env bash
# Gets Chromium for the browser tests where this user may install it; elsewhere says what is missing. Never stops the tests.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
missing() {
    echo "browser tests: skipped, no Chromium here ($1). Install it (Debian: apt-get install chromium) and repeat." >&2
    exit 0
}
command -v apt-get >/dev/null || missing "and no apt-get to install it"
as_root=()
if [ "$(id -u)" != 0 ]; then
    as_root=(sudo -n)
    "${as_root[@]}" true 2>/dev/null || missing "and installing it needs root, or sudo without a password"
fi
echo "browser tests: installing Chromium with apt-get, a minute or two"
as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0)
"${as_root[@]}" update && "${as_root[@]}" install --yes --no-install-recommends chromium fonts-liberation >/dev/null </dev/null ||
    missing "apt-get could not install it"
