#!/usr/bin/env python3
"""Draws a slice of a trace that hooks::ChromeTrace wrote: one resource and all that it caused.

Usage: tools/trace_picture.py trace.json picture.svg [--root TYPE] [--title TEXT]

Each resource is a row: a pale bar from its init to its destroy, dark where its callbacks run. An
arrow leads from the callback that made a resource to the first callback of that resource; promises
that never ran are left out. The root is the first resource of the given type, TCPWRAP unless said
otherwise, that another one caused.
"""

import argparse
import html
import json

WIDTH, LABELS, TOP, ROW, SMALL_ROW = 1000, 190, 62, 21, 11
COLOURS = ["#2f6fb4", "#c0562b", "#2e8b57", "#8a5bb0", "#b08a1e", "#1f8f94", "#b3406b", "#5b6b7b"]
LEGEND = ("pale: from init to destroy    dark: its callbacks    thin and grey: promises    "
          "arrow: from where it was made to its first callback")
SMALL = "PROMISE"  # Too many to be given a label each.
SMALL_COLOUR = "#9aa3ad"


class Resource:
    def __init__(self, event):
        self.id = event["args"]["async_id"]
        self.trigger = event["args"]["trigger_async_id"]
        self.type = event["name"]
        self.born = self.gone = event["ts"]
        self.calls = []  # (start, end)


def read(path):
    """All resources by id, in the order in which they were made."""
    with open(path, encoding="utf-8") as file:
        events = json.load(file)["traceEvents"]
    resources = {e["args"]["async_id"]: Resource(e) for e in events if e["ph"] == "b"}
    for event in events:
        if event["ph"] == "e":
            resources[int(event["id"].split(":")[-1])].gone = event["ts"]
        elif event["ph"] == "X" and "args" in event:
            called = resources[event["args"]["async_id"]]
            called.calls.append((event["ts"], event["ts"] + event["dur"]))
    return resources


def caused_by(root, resources):
    """The root and what it caused, directly or not. Promises that never ran are skipped: what they
    caused counts as caused by whoever caused them."""
    stands_for = {root.id: root.id}
    rows = [root]
    for resource in resources.values():
        if resource.trigger in stands_for:
            resource.trigger = stands_for[resource.trigger]
            shown = resource.calls or resource.type != SMALL
            stands_for[resource.id] = resource.id if shown else resource.trigger
            if shown:
                rows.append(resource)
    return rows


def pick_root(resources, root_type):
    for resource in resources.values():
        if resource.type == root_type and resource.trigger in resources:
            return resource
    raise SystemExit(f"trace_picture: nobody caused a {root_type}")


def step_of(duration):
    """A round distance in ms between the lines of the scale, for about eight of them."""
    return next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1e3) if duration / s <= 10)


class Picture:
    def __init__(self, rows, title):
        self.rows = rows
        self.title = title
        self.start = rows[0].born
        last = max(end for row in rows for _, end in row.calls)
        self.duration = (last - self.start) * 1.01
        self.colours = {SMALL: SMALL_COLOUR}
        self.places = {}
        bottom = TOP
        for row in rows:
            height = SMALL_ROW if row.type == SMALL else ROW
            self.places[row.id] = (bottom, height)
            bottom += height
            self.colours.setdefault(row.type, COLOURS[(len(self.colours) - 1) % len(COLOURS)])
        self.height = bottom + 34
        self.parts = []

    def x(self, time):
        place = LABELS + (WIDTH - LABELS - 12) * (time - self.start) / self.duration
        return min(max(place, LABELS), WIDTH - 12)

    def bar(self, row, start, end, opacity, least):
        top, height = self.places[row.id]
        width = max(self.x(end) - self.x(start), least)
        self.parts.append(
            f'<rect x="{self.x(start):.1f}" y="{top + 2}" width="{width:.1f}" '
            f'height="{height - 4}" fill="{self.colours[row.type]}" opacity="{opacity}"/>')

    def text(self, x, y, text, more=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" xml:space="preserve" {more}>'
                          f'{html.escape(text)}</text>')

    def draw_scale(self):
        step = step_of(self.duration / 1000)
        for i in range(int(self.duration / 1000 / step) + 1):
            x = self.x(self.start + i * step * 1000)
            self.parts.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" '
                              f'y2="{self.height - 30}" stroke="#e3e6ea"/>')
            self.text(x, TOP - 13, f"{i * step:g} ms", 'text-anchor="middle" fill="#6b7580"')

    def draw_row(self, row):
        top, height = self.places[row.id]
        self.bar(row, row.born, row.gone, 0.25, 1)
        for start, end in row.calls:
            self.bar(row, start, end, 1, 2)
        if row.type != SMALL:
            self.text(LABELS - 8, top + height - 6, f"{row.type} {row.id}",
                      f'text-anchor="end" fill="{self.colours[row.type]}"')

    def draw_arrow(self, row, cause):
        made_in = [start for start, end in cause.calls if start <= row.born <= end]
        if not row.calls or not made_in:
            return
        (top, height), (from_top, from_height) = self.places[row.id], self.places[cause.id]
        x, y = self.x(row.calls[0][0]), top + height / 2
        from_x, from_y = self.x(row.born), from_top + from_height / 2
        bend = max(5, (x - from_x) / 2)
        self.parts.append(
            f'<path d="M{from_x:.1f} {from_y:.1f} C{from_x + bend:.1f} {from_y:.1f} '
            f'{x - bend:.1f} {y:.1f} {x:.1f} {y:.1f}" fill="none" stroke="#303a45" '
            f'stroke-width="0.9" opacity="0.6" marker-end="url(#tip)"/>')

    def svg(self):
        self.text(12, 24, self.title, 'font-size="15" fill="#1d2733"')
        self.draw_scale()
        for row in self.rows:
            self.draw_row(row)
        by_id = {row.id: row for row in self.rows}
        for row in self.rows:
            if row.trigger in by_id:
                self.draw_arrow(row, by_id[row.trigger])
        self.text(LABELS, self.height - 10, LEGEND, 'fill="#6b7580"')
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
            f'width="{WIDTH}" height="{self.height}" font-family="sans-serif" font-size="11.5">',
            '<defs><marker id="tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" '
            'markerHeight="6" orient="auto"><path d="M0 0L6 3L0 6z" fill="#303a45"/></marker>'
            '</defs>',
            f'<rect width="{WIDTH}" height="{self.height}" fill="#ffffff"/>',
            *self.parts, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("trace")
    parser.add_argument("picture")
    parser.add_argument("--root", default="TCPWRAP", metavar="TYPE")
    parser.add_argument("--title", default="")
    arguments = parser.parse_args()
    resources = read(arguments.trace)
    rows = caused_by(pick_root(resources, arguments.root), resources)
    with open(arguments.picture, "w", encoding="utf-8") as file:
        file.write(Picture(rows, arguments.title or arguments.trace).svg())


if __name__ == "__main__":
    main()
