#!/usr/bin/env python3
"""Checks what node_tests.json says of Node's own tests: which of ours cover each, or why none does.

Usage: check_node_tests.py [--table] TEST_BINARY...

Every one of Node's tests that specify asynchronous context is a row, numbered from 1, with one of:

* covered_by: names of ours. Suite.name is a GoogleTest in one of the binaries, which is run here
  and has to pass; topic/name is a scenario, and programs/topic/name a program, which the tests of
  their topic run: here they only have to have a trace. A row may say what it leaves out (without).
* pending: the part of contrail that does not exist yet.
* not_applicable: why there is nothing to test.

Prints what is wrong, a line each that names the row, or else the counts; exits 1 if anything is
wrong. With --table, prints the counts by topic in Markdown instead.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

CONFORMANCE = Path(__file__).parent
ROWS = 296
STATES = ("covered_by", "pending", "not_applicable")
KEYS = {"row", "path", "topic", "without", *STATES}


def state_of(row):
    """The one thing that is said of a row; None if that is nothing, or more than one thing."""
    said = [state for state in STATES if row.get(state)]
    return said[0] if len(said) == 1 else None


def wrong_numbers(rows, count):
    seen = Counter(row["row"] for row in rows)
    for number in range(1, count + 1):
        if seen[number] != 1:
            yield f"row {number}: is there {seen[number]} times"
    for number in sorted(set(seen) - set(range(1, count + 1))):
        yield f"row {number}: is beyond {count}"


def wrong_paths(rows):
    seen = {}
    for row in rows:
        path = row.get("path", "")
        if not path:
            yield f"row {row['row']}: has no path"
        elif path in seen:
            yield f"row {row['row']}: has the path of row {seen[path]}: {path}"
        seen.setdefault(path, row["row"])


def wrong_statements(rows):
    for row in rows:
        if state_of(row) is None:
            yield f"row {row['row']}: needs exactly one of {', '.join(STATES)}"
        if not row.get("topic"):
            yield f"row {row['row']}: has no topic"
        for key in sorted(set(row) - KEYS):
            yield f"row {row['row']}: {key} means nothing"


def is_recorded(name, root):
    """Whether a scenario or a program is there, with a trace that is not empty."""
    if name.startswith("programs/"):
        trace, source = root / f"{name}.trace", root / f"{name}.cc"
    else:
        trace = root / "scenarios" / f"{name}.trace"
        source = trace.with_suffix(".json")
    return source.is_file() and trace.is_file() and trace.stat().st_size > 0


def wrong_tests(rows, results, root):
    for row in rows:
        for name in row.get("covered_by", []):
            if "/" in name:
                if not is_recorded(name, root):
                    yield f"row {row['row']}: {name} is no scenario or program with a trace"
            elif results.get(name) != "passed":
                yield f"row {row['row']}: {name} {results.get(name, 'does not exist')}"


def violations(rows, results, root=CONFORMANCE, count=ROWS):
    return [*wrong_numbers(rows, count), *wrong_paths(rows), *wrong_statements(rows),
            *wrong_tests(rows, results, root)]


def tests_in(binary):
    """The full names of the tests of a binary."""
    listing = subprocess.run([binary, "--gtest_list_tests"], capture_output=True, text=True,
                             check=True).stdout
    names, suite = set(), ""
    for line in listing.splitlines():
        word = line.split("#")[0].strip()
        if not line.startswith(" "):
            suite = word
        elif suite.endswith("."):
            names.add(suite + word)
    return names


def outcome(test):
    if test.get("failures"):
        return "failed"
    return "passed" if test["result"] == "COMPLETED" else "was skipped"


def results_of(binary, names):
    """What became of those of the tests that the binary has. One that it did not get to, because it
    died, did not run."""
    mine = sorted(names & tests_in(binary))
    if not mine:
        return {}
    results = dict.fromkeys(mine, "did not run")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        options = [f"--gtest_filter={':'.join(mine)}", f"--gtest_output=json:{report}"]
        subprocess.run([binary, *options], capture_output=True, check=False)
        if report.is_file():
            suites = json.loads(report.read_text(encoding="utf-8"))["testsuites"]
            results |= {f"{suite['name']}.{test['name']}": outcome(test)
                        for suite in suites for test in suite["testsuite"]}
    return results


def all_results(binaries, rows):
    names = {name for row in rows for name in row.get("covered_by", []) if "/" not in name}
    return {name: result for binary in binaries
            for name, result in results_of(binary, names).items()}


def summary(rows):
    counts = Counter(state_of(row) for row in rows)
    missing = Counter(row["pending"] for row in rows if row.get("pending"))
    by_part = ", ".join(f"{part} {number}" for part, number in missing.most_common())
    return (f"{len(rows)} rows: {counts['covered_by']} green, {counts['pending']} pending "
            f"({by_part or 'none'}), {counts['not_applicable']} not applicable")


def table(rows):
    topics = {}
    for row in rows:
        topics.setdefault(row["topic"], Counter())[state_of(row)] += 1
    largest_first = sorted(topics.items(), key=lambda topic: -topic[1].total())
    lines = ["| topic | green | pending | not applicable |", "| --- | --- | --- | --- |"]
    for topic, counts in [*largest_first, ("all", sum(topics.values(), Counter()))]:
        lines.append(" | ".join([f"| {topic}", *(str(counts[state]) for state in STATES)]) + " |")
    return "\n".join(lines)


def main():
    as_table = "--table" in sys.argv[1:]
    binaries = [argument for argument in sys.argv[1:] if argument != "--table"]
    rows = json.loads((CONFORMANCE / "node_tests.json").read_text(encoding="utf-8"))
    if as_table:
        print(table(rows))
        return 0
    found = violations(rows, all_results(binaries, rows))
    print("\n".join(found) if found else summary(rows))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
