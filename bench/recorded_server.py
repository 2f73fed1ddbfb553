#!/usr/bin/env python3
"""Requests a second of the traced server, with a FlightRecorder and without any hook.

Usage: bench/recorded_server.py [--pairs N] [--seconds N] [folder of the example programs]

Each pair is a run of both, one after the other, under 64 connections of wrk (Debian's package of
that name). The ratio is the median of the pairs': what disturbs one run mostly disturbs its twin.
"""

import argparse
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "build/release/docs/examples"


def requests_a_second(server, seconds, arguments):
    command = [server, "--serve", "--no-trace", "--quiet", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = re.search(r"http://\S+", process.stdout.readline()).group(0)
            load = ["wrk", "-t1", "-c64", f"-d{seconds}s", f"{address}/hello"]
            said = subprocess.run(load, capture_output=True, text=True, check=True).stdout
            return float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("recorded_server: there is no wrk on the PATH")
    server = options.folder / "traced_server"
    pairs = []
    with tempfile.TemporaryDirectory() as scratch:
        recording = ["--recording", f"{scratch}/server.flight"]
        for number in range(options.pairs):
            plain = requests_a_second(server, options.seconds, [])
            recorded = requests_a_second(server, options.seconds, recording)
            pairs.append((plain, recorded))
            print(f"pair {number + 1}: {plain:.0f} requests a second, recorded {recorded:.0f}",
                  flush=True)
    ratio = statistics.median(recorded / plain for plain, recorded in pairs)
    print(f"recorded, of without: {ratio:.3f}")


main()
