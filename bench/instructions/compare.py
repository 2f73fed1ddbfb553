#!/usr/bin/env python3
"""Counts the instructions of one round of work, without tracers and after them.

Usage: bench/instructions/compare.py WITHOUT WITH

Both are programs built from work.cc. With no hook enabled, that tracers exist costs nothing: a
round may differ by two percent. Exit status: 0 if it does not, 1 if it does, 77 without valgrind.
"""

import re
import shutil
import subprocess
import sys

ALLOWED = 0.02
FEW, MANY = 1_000, 3_000


def instructions(program, rounds):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program,
               str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def instructions_a_round(program):
    """What begins and ends a program is in both counts."""
    return (instructions(program, MANY) - instructions(program, FEW)) / (MANY - FEW)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if not shutil.which("valgrind"):
        print("compare: there is no valgrind")
        sys.exit(77)
    without, after = (instructions_a_round(program) for program in sys.argv[1:])
    change = after / without - 1
    print(f"a round without tracers: {without:.1f} instructions; after them: {after:.1f} "
          f"({change:+.2%}, at most {ALLOWED:.0%} is allowed)")
    sys.exit(0 if abs(change) <= ALLOWED else 1)


main()
