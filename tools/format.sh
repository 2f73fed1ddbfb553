#!/usr/bin/env bash
# Formats every C++ file with clang-format.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'END'
usage: tools/format.sh [--check]

Formats every C++ file in place; with --check, says what it would change and fails if anything.
END
}

check=
case "${1-}" in
  "") ;;
  --check) check=yes ;;
  -h | --help) usage; exit ;;
  *) usage >&2; exit 2 ;;
esac

if ! command -v clang-format >/dev/null; then
  echo "format: clang-format is not installed; on Debian it is the package clang-format" >&2
  exit 77
fi

# The tree may be an unpacked archive, or a clone that belongs to someone else.
files() {
  git -c safe.directory="$PWD" ls-files -z --cached --others --exclude-standard \
    -- '*.h' '*.cc' 2>/dev/null ||
    find . \( -name build -o -name '.?*' \) -prune -o \( -name '*.h' -o -name '*.cc' \) -print0
}
mapfile -d '' -t all < <(files)
existing=()
for file in "${all[@]}"; do
  [[ ! -f $file ]] || existing+=("$file")
done
[[ ${#existing[@]} -gt 0 ]] || exit 0

if [[ ! $check ]]; then
  clang-format --style=file -i "${existing[@]}"
  exit
fi

# Not --dry-run: clang-format 14 also reports the end of every nested inline namespace, which it
# replaces with the same text.
status=0
for file in "${existing[@]}"; do
  clang-format --style=file "$file" |
    diff -u --label "$file" --label "$file, formatted" "$file" - ||
    status=1
done
[[ $status -eq 0 ]] || echo "format: tools/format.sh makes these changes" >&2
exit "$status"
