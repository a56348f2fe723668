#!/usr/bin/env bash
# clang-format, the include rules, the proto rules, and clang-tidy on the files that a change touches.
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

base=${ADBMS_TIDY_BASE:-HEAD}  # What a change is measured against: by default, what is not committed yet.
if [ -f build/release/compile_commands.json ]; then
  echo '== clang-tidy'
  changed=$(git diff --name-only --diff-filter=AM "$base" -- '*.cc' | head -40)
  if [ -n "$changed" ]; then
    problems=$(clang-tidy -p build/release --quiet $changed 2> /dev/null | grep -E 'error:')
    [ -n "$problems" ] && echo "$problems" && failed=1
  fi
fi

[ "$failed" -eq 0 ] && echo 'lint: clean'
exit "$failed"
