#!/usr/bin/env python3
"""Runs a driver on the scenarios below some folders and compares with the traces recorded there.

Usage: check_traces.py DRIVER FOLDER...  DRIVER may have options: "path/to/driver --fake-clock".
Prints a unified diff for each trace that differs; exits 1 if there is one.
"""

import difflib
import shlex
import subprocess
import sys
from pathlib import Path

# Where timers are real, a deadline slips now and then on a busy machine, which proves nothing; what
# differs every time is a difference.
ATTEMPTS = 3
TIME_LIMIT_S = 10


def trace_of(driver, scenario):
    try:
        result = subprocess.run([*shlex.split(driver), scenario], capture_output=True, text=True,
                                timeout=TIME_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"[took more than {TIME_LIMIT_S} s]\n"
    if result.returncode == 0:
        return result.stdout
    return f"{result.stdout}[ended with {result.returncode}]\n{result.stderr}"


def difference(driver, scenario):
    """A unified diff, or nothing if one of the attempts gave the recorded trace."""
    recorded = scenario.with_suffix(".trace")
    wanted = recorded.read_text(encoding="utf-8")
    for _ in range(ATTEMPTS):
        got = trace_of(driver, scenario)
        if got == wanted:
            return ""
    lines = difflib.unified_diff(wanted.splitlines(), got.splitlines(), str(recorded),
                                 f"{driver} {scenario}", lineterm="")
    return "\n".join(lines) + "\n"


def main():
    driver, *folders = sys.argv[1:]
    scenarios = sorted(file for folder in folders for file in Path(folder).rglob("*.json"))
    if not scenarios:
        print("there are no scenarios here")
        return 1
    differences = [found for file in scenarios if (found := difference(driver, file))]
    print("".join(differences), end="")
    print(f"{len(scenarios) - len(differences)} of {len(scenarios)} traces are as recorded")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
