#!/usr/bin/env bash
# Runs every test of a build: unit tests, then SQL and integration tests against real daemons.
# usage: tests/run_tests.sh BUILD_DIRECTORY
set -uo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: tests/run_tests.sh BUILD_DIRECTORY}
ctest --test-dir "$build" --output-on-failure -j "$(nproc)"
status=$?
grep -h '^skipped:' "$build/Testing/Temporary/LastTest.log"  # CTest names what it skipped, not why.
exit "$status"
