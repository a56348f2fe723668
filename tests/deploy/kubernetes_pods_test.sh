#!/usr/bin/env bash
# The pods of deploy/kubernetes/overlays/dev in a real engine: see kubernetes_pods.py.
# usage: tests/deploy/kubernetes_pods_test.sh      (after make build; skips with 77 as engine.sh says)
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v kubectl > /dev/null || { echo 'skipped: no kubectl'; exit 77; }
. tests/deploy/engine.sh
finish() {
  status=$?
  if [ "$status" -ne 0 ]; then
    for pod in $(docker ps -aq); do docker logs --tail 5 "$pod" 2>&1 || true; done
  fi
  docker rm -f $(docker ps -aq) > /dev/null 2>&1 || true
  engine_stop
  exit "$status"
}
trap finish EXIT
engine_start
echo '== pods'
/usr/bin/python3 -W ignore::ResourceWarning tests/deploy/kubernetes_pods.py "$work/volumes"
echo 'kubernetes pods test passed'
