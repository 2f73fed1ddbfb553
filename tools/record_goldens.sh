#!/usr/bin/env bash
# Records what Node.js does: the traces that contrail is compared with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'END'
usage: tools/record_goldens.sh [--node BINARY] [TOPIC...]

Runs each scenario of the topics (the folders of test/conformance/scenarios) twice with Node.js and
writes NAME.trace beside NAME.json if the two traces are equal. Without a topic, all, and the I/O
programs of test/conformance/programs. Node.js is that of tools/setup-node, or of --node.

Which version the traces are from stands in test/conformance/scenarios/recorded_with. Another one
may record everything, but not only some topics.

Exit status: 0 if all were recorded, 1 if not, 2 if the command line is wrong.

Example: tools/record_goldens.sh timers && git diff
END
}

fail() {
  echo "record_goldens: $1" >&2
  exit "${2:-1}"
}

node=
topics=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    -h | --help) usage; exit ;;
    --node) node=${2:?--node needs a binary}; shift ;;
    -*) usage >&2; exit 2 ;;
    *) topics+=("$1") ;;
  esac
  shift
done

suite=test/conformance
version_file=$suite/scenarios/recorded_with
[[ $node ]] || node=$(tools/setup-node)
version="node $("$node" --version)" || fail "$node is no Node.js"

if [[ ${#topics[@]} -gt 0 && $version != "$(cat "$version_file")" ]]; then
  fail "the traces are from $(cat "$version_file"), and this is $version: record them all, or none"
fi

folders=()
for topic in "${topics[@]}"; do
  [[ -d $suite/scenarios/$topic ]] || fail "there is no topic '$topic' in $suite/scenarios" 2
  folders+=("$suite/scenarios/$topic")
done
[[ ${#folders[@]} -gt 0 ]] || folders=("$suite/scenarios")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Deadlines slip on a busy machine: scenarios run one at a time and have to agree with themselves.
recorded=0
failed=0
record_scenario() {
  local scenario=$1 run
  for run in first second; do
    if ! timeout 10 "$node" "$suite/node_driver.mjs" "$scenario" >"$scratch/$run"; then
      echo "record_goldens: $scenario: Node.js did not run it to its end" >&2
      return 1
    fi
  done
  if ! cmp -s "$scratch/first" "$scratch/second"; then
    echo "record_goldens: $scenario: two runs differ; not recorded" >&2
    return 1
  fi
  cp "$scratch/first" "${scenario%.json}.trace"
}

while IFS= read -r -d '' scenario; do
  if record_scenario "$scenario"; then recorded=$((recorded + 1)); else failed=$((failed + 1)); fi
done < <(find "${folders[@]}" -name '*.json' -print0 | sort -z)

if [[ ${#topics[@]} -eq 0 ]]; then
  for program in "$suite"/programs/*/*.mjs; do
    if python3 "$suite/programs/run.py" --record "${program%.mjs}.trace" "$node" "$program"; then
      recorded=$((recorded + 1))
    else
      failed=$((failed + 1))
    fi
  done
  [[ $failed -gt 0 ]] || echo "$version" >"$version_file"
fi

echo "$recorded recorded with $version, $failed failed"
[[ $failed -eq 0 ]]
