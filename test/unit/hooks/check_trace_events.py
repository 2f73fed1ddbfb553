#!/usr/bin/env python3
"""Checks a file against the rules of the Trace Event Format, as its specification states them.

Usage: check_trace_events.py trace.json

Prints what is wrong, a line each, and ends with 1 if anything is. Only the phases that
hooks::ChromeTrace writes are known.
"""

import json
import sys
from collections import defaultdict

NUMBER = (int, float)
COMMON = {"ph": str, "pid": int, "tid": int, "name": str}
FIELDS = {  # Besides the common ones: what each phase requires, and what it may have.
    "M": ({"args": dict}, {}),
    "X": ({"ts": NUMBER, "dur": NUMBER, "cat": str}, {"args": dict}),
    "b": ({"ts": NUMBER, "cat": str, "id": str}, {"args": dict}),
    "n": ({"ts": NUMBER, "cat": str, "id": str}, {"args": dict}),
    "e": ({"ts": NUMBER, "cat": str, "id": str}, {"args": dict}),
    "s": ({"ts": NUMBER, "cat": str, "id": str}, {"args": dict}),
    "f": ({"ts": NUMBER, "cat": str, "id": str}, {"args": dict, "bp": str}),
    "i": ({"ts": NUMBER, "cat": str}, {"args": dict, "s": str}),
}
METADATA = {"process_name", "thread_name"}


def wrong_fields(event):
    required, optional = FIELDS.get(event.get("ph"), (None, None))
    if required is None:
        yield f"no phase that is known: {event}"
        return
    required = COMMON | required
    for name, kind in required.items():
        if not isinstance(event.get(name), kind):
            yield f"{name} is missing or no {kind}: {event}"
    for name in event.keys() - required.keys() - optional.keys():
        yield f"{name} is no field of this phase: {event}"
    if event["ph"] == "M" and event["name"] not in METADATA:
        yield f"no metadata that is known: {event}"
    if event.get("dur", 0) < 0 or event.get("ts", 0) < 0:
        yield f"a negative time: {event}"
    if event.get("bp", "e") != "e" or event.get("s", "g") not in ("g", "p", "t"):
        yield f"no such binding point or scope: {event}"


def wrong_slices(events):
    """Slices of one thread lie inside or beside each other."""
    threads = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            begin = round(event["ts"] * 1000)
            threads[event["pid"], event["tid"]].append((begin, begin + round(event["dur"] * 1000)))
    for slices in threads.values():
        around = []
        for begin, end in sorted(slices, key=lambda s: (s[0], -s[1])):
            while around and around[-1] <= begin:
                around.pop()
            if around and end > around[-1]:
                yield f"the slice from {begin} to {end} ns overlaps another"
            around.append(end)


def wrong_asyncs(events):
    """Events of one category and id: one beginning, whatever there is inside, one end."""
    phases = defaultdict(list)
    for event in events:
        if event["ph"] in "bne":
            phases[event["pid"], event["cat"], event["id"]].append((event["ts"], event["ph"]))
    for key, found in phases.items():
        order = "".join(phase for _, phase in sorted(found))
        if order.strip("n") != order or order.replace("n", "") != "be":
            yield f"not one beginning and one end: {order} of {key}"


def wrong_flows(events):
    """Each leads forward in time, from inside a slice to inside a slice."""
    slices = [(e["ts"], e["ts"] + e["dur"]) for e in events if e["ph"] == "X"]
    ends = defaultdict(dict)
    for event in events:
        if event["ph"] in "sf":
            ends[event["cat"], event["name"], event["id"]][event["ph"]] = event["ts"]
    for key, flow in ends.items():
        if flow.keys() != {"s", "f"} or flow["s"] > flow["f"]:
            yield f"not a start and then a finish: {flow} of {key}"
        for at in flow.values():
            if not any(begin <= at <= end for begin, end in slices):
                yield f"the flow {key} has an end outside all slices"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        trace = json.load(file)
    events = trace["traceEvents"]
    wrong = [text for event in events for text in wrong_fields(event)]
    if trace.get("displayTimeUnit", "ms") not in ("ms", "ns"):
        wrong.append("no such unit to display times")
    if not wrong:
        wrong = [*wrong_slices(events), *wrong_asyncs(events), *wrong_flows(events)]
    print("\n".join(wrong) or f"{len(events)} events, nothing wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
