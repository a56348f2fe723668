#!/usr/bin/env bash
# Installs what deploy/package-lock.json names into deploy/node_modules: what renders dashboards and checks manifests.
# Does nothing when all is there. Where npm or its registry cannot be had it says so; the tests that need the packages
# are then skipped and say so too.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=deploy/node_modules/.installed
wanted=$(sha256sum deploy/package-lock.json)
[ "$(cat "$stamp" 2> /dev/null)" = "$wanted" ] && exit 0

command -v npm > /dev/null || tools/install_dependencies.sh nodejs npm ||
  { echo 'npm cannot be installed: dashboards and manifests are not checked' >&2; exit 0; }
npm ci --prefix deploy --ignore-scripts --no-audit --no-fund --loglevel=error ||
  { echo 'the packages of deploy/package-lock.json cannot be installed: dashboards and manifests are not checked' >&2
    exit 0; }
echo "$wanted" > "$stamp"
