#!/usr/bin/env bash
# reports.sh clear DIRECTORY: empties it. reports.sh show DIRECTORY: prints what sanitizers wrote there,
# and fails when that is anything.
set -uo pipefail
directory=${2:?usage: reports.sh clear|show DIRECTORY}
case $1 in
  clear)
    mkdir -p "$directory" && find "$directory" -type f -delete
    ;;
  show)
    found=$(find "$directory" -type f -size +0 | sort)
    [ -z "$found" ] && echo 'no reports' && exit 0
    for file in $found; do
      echo "== $file"
      head -60 "$file"
    done
    exit 1
    ;;
esac
