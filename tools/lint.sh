#!/usr/bin/env bash
# clang-format, the include rules, the proto rules: what needs no build. tools/tidy.sh does the rest.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0

echo '== clang-format'
# The exit status of the pipe is clang-format's: what it printed is what counts.
violations=$(git ls-files '*.cc' '*.h' | xargs clang-format --dry-run --Werror 2>&1 | grep 'error:')
[ -n "$violations" ] && head -20 <<< "$violations" && failed=1

echo '== include rules'
python3 tools/check_includes.py || failed=1

echo '== protos'
python3 tools/check_protos.py || failed=1

[ "$failed" -eq 0 ] && echo 'lint: clean'
exit "$failed"
