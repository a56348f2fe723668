#!/usr/bin/env bash
# Runs the fuzz targets of a build with ADBMS_FUZZ one after another, FUZZ_SECONDS each. What they learn is kept
# in BUILD/corpus; an input that fails is kept in tests/fuzz/corpus/<target>, where every test run tries it.
# usage: tests/fuzz/run_fuzz.sh BUILD_DIRECTORY [TARGET...]
set -uo pipefail
cd "$(dirname "$0")/../.."
build=${1:?usage: tests/fuzz/run_fuzz.sh BUILD_DIRECTORY [TARGET...]}
shift
seconds=${FUZZ_SECONDS:-60}
targets=("$@")
if [ "${#targets[@]}" -eq 0 ]; then
  for program in "$build"/bin/*_fuzzer; do targets+=("$(basename "$program" _fuzzer)"); done
fi
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
export LSAN_OPTIONS=suppressions=$PWD/tests/sanitizers/leaks.txt:print_suppressions=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:suppressions=$PWD/tests/sanitizers/undefined.txt
failed=()
for target in "${targets[@]}"; do
  learned=$build/corpus/$target
  log=$build/corpus/$target.log
  mkdir -p "$learned" "tests/fuzz/corpus/$target"
  echo "== $target, $seconds s"
  ADBMS_FUZZ_SEEDS=$learned "$build/bin/${target}_fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 \
    -artifact_prefix="tests/fuzz/corpus/$target/" -print_final_stats=1 \
    "$learned" "tests/fuzz/corpus/$target" > "$log" 2>&1
  if [ $? -eq 0 ]; then
    grep -E '^stat::number_of_executed_units|^#.*DONE' "$log"
  else
    failed+=("$target")
    grep -E -A25 'ERROR:|runtime error:|SUMMARY|Test unit written' "$log" | head -60
  fi
  rmdir "tests/fuzz/corpus/$target" 2> /dev/null
done
[ "${#failed[@]}" -eq 0 ] || { echo "failed: ${failed[*]}; the inputs are in tests/fuzz/corpus" && exit 1; }
