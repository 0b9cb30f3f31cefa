#!/usr/bin/env bash
# Get plotly's bundle of cartesian plots from npm, in the version of the installed Python package: dashboard/vendor.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(.venv/bin/python -c "from plotly.offline import get_plotlyjs_version as version; print(version())")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "plotly.js-cartesian-dist-min@$version" && tar xzf ./*.tgz)
rm -f dashboard/vendor/plotly-*
gzip -9nc "$work/package/plotly-cartesian.min.js" > "dashboard/vendor/plotly-cartesian-$version.min.js.gz"
cp "$work/package/LICENSE" dashboard/vendor/plotly-LICENSE
echo "dashboard/vendor holds plotly.js $version; name it in dashboard/server/serving.py"
