#!/usr/bin/env bash
# clang-format, the include rules, the proto rules, and clang-tidy on the files that a change touches.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0

echo '== clang-format'
git ls-files '*.cc' '*.h' | xargs clang-format --dry-run --Werror 2>&1 | grep -m 20 'error:' && failed=1

echo '== include rules'
python3 tools/check_includes.py || failed=1

echo '== protos'
python3 tools/check_protos.py || failed=1

if [ -n "${ADBMS_TIDY_BASE:-}" ] && [ -f build/release/compile_commands.json ]; then
  echo '== clang-tidy'
  changed=$(git diff --name-only --diff-filter=AM "$ADBMS_TIDY_BASE" -- '*.cc' | head -40)
  if [ -n "$changed" ]; then
    clang-tidy -p build/release --quiet $changed 2> /dev/null | grep -E 'error:' && failed=1
  fi
fi

[ "$failed" -eq 0 ] && echo 'lint: clean'
exit "$failed"
