#!/usr/bin/env python3
"""Measures every budget of budgets.json and says which are kept.

Usage: bench/report.py [--node] [--repetitions=N] [folder of the bench programs]

Prints, for each operation, the median of its repetitions, the budget, and the bare twin measured
beside it in the same run. A missed budget is a line of the report, not an error: times depend on
the machine, and nothing that a test could rely on depends on them.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# How a benchmark is measured, which Google Benchmark appends to its name.
SUFFIX = r"(/iterations:1|/process_time|/real_time)*"


def be_quiet():
    """In the program that measures: one processor, and nobody is preempted by whom he wakes.

    What threads and loops do for each other is then counted, not the luck of who runs where: the
    cost of the same work would jump between two and three values.
    """
    if hasattr(os, "sched_setscheduler"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def run_programs(folder, rows, repetitions):
    """{program:benchmark: {"ns": [one per repetition], counters}}"""
    wanted = {}  # program: its benchmarks, each once, in order
    for row in rows:
        for key in ("measure", "less", "without", "twin", "counter"):
            if key in row:
                program, benchmark = row[key].split(":", 1)
                wanted.setdefault(program, {})[benchmark] = True
    results = {}
    for name, benchmarks in wanted.items():
        print(f"report: measuring {name}", file=sys.stderr)
        # Interleaved, so that a neighbour's busy second is shared by all instead of hitting one.
        command = [folder / name, "--benchmark_format=json", "--benchmark_min_time=0.1",
                   "--benchmark_enable_random_interleaving=true",
                   f"--benchmark_repetitions={repetitions}",
                   f"--benchmark_filter=^({'|'.join(benchmarks)}){SUFFIX}$"]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE,
                                preexec_fn=be_quiet).stdout
        for run in json.loads(output)["benchmarks"]:
            if run["run_type"] != "iteration":
                continue
            if run.get("error_occurred"):
                sys.exit(f"report: {name}:{run['run_name']}: {run['error_message']}")
            key = f"{name}:{re.sub(SUFFIX + '$', '', run['run_name'])}"
            result = results.setdefault(key, {"ns": [], **run})
            if "items_per_second" in run:
                result["ns"].append(1e9 / run["items_per_second"])
    return results


def run_node():
    """{name: nanoseconds} of the same work in Node."""
    results = {}
    for script in sorted((HERE / "node").glob("*_bench.mjs")):
        print(f"report: measuring node {script.name}", file=sys.stderr)
        output = subprocess.run(["node", script], check=True, stdout=subprocess.PIPE, text=True)
        for line in output.stdout.splitlines():
            name, ns = line.split()
            results[name] = float(ns)
    return results


def judge(row, results, node):
    """The columns of one row, and whether its budget is kept."""
    if "counter" in row:
        value = results[row["counter"]][row["name"]]
        return [f"{value:.0f}", "", f"{row['budget']}", "", "", ""], value <= row["budget"]
    times = {key: results[row[key]]["ns"]
             for key in ("measure", "less", "without", "twin") if key in row}
    median = {key: statistics.median(ns) for key, ns in times.items()}
    if "budget_ratio" in row:
        ratio = median["measure"] / median["without"]
        return ([f"{median['measure']:.1f}", f"{min(times['measure']):.1f}",
                 f"{row['budget_ratio']} x", f"{median['without']:.1f}", f"{ratio:.2f}", ""],
                ratio <= row["budget_ratio"])
    ns = median["measure"] - median.get("less", 0)
    fastest = min(times["measure"]) - min(times.get("less", [0]))
    in_node = node.get(row.get("node"))
    return ([f"{ns:.1f}", f"{fastest:.1f}", f"{row['budget_ns']}", f"{median['twin']:.1f}",
             f"{ns / median['twin']:.2f}", "" if in_node is None else f"{in_node:.0f}"],
            ns <= row["budget_ns"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HERE.parent / "build/bench/bench")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--node", action="store_true", help="measure Node too, for comparison")
    options = parser.parse_args()
    if options.node and not shutil.which("node"):
        sys.exit("report: there is no node on the PATH")

    rows = json.loads((HERE / "budgets.json").read_text())
    results = run_programs(options.folder, rows, options.repetitions)
    node = run_node() if options.node else {}

    print(f"{'operation':<42}{'median':>8}{'fastest':>8}{'budget':>8}{'beside':>8}{'ratio':>7}"
          f"{'node':>7}")
    missed = 0
    for row in rows:
        columns, kept = judge(row, results, node)
        missed += not kept
        measured, fastest, budget, beside, ratio, in_node = columns
        print(f"{row['operation']:<42}{measured:>8}{fastest:>8}{budget:>8}{beside:>8}{ratio:>7}"
              f"{in_node:>7}  {'ok' if kept else 'MISSED'}")
    print("\nTimes are nanoseconds an operation; 'beside' is the bare twin, or the same without "
          "storages.")
    print(f"{len(rows) - missed} budgets kept, {missed} missed")


if __name__ == "__main__":
    main()
