#!/usr/bin/env python3
"""Draws what a command printed, as a terminal shows it.

Usage: tools/terminal_picture.py picture.svg [--title TEXT] [--lines N] [--columns N] < output

Lines beyond N, and columns, are cut off, which an ellipsis says.
"""

import argparse
import html
import sys

CHARACTER, LINE, MARGIN, BAR = 7.25, 17, 16, 30
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def cut(lines, count, columns):
    shown = [line[:columns - 1] + "…" if len(line) > columns else line for line in lines[:count]]
    return shown + ["…"] if len(lines) > count else shown


def draw(lines, title):
    width = round(2 * MARGIN + CHARACTER * max(map(len, [*lines, title + " " * 12])))
    height = BAR + 2 * MARGIN + LINE * len(lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">',
        f"<title>{html.escape(title)}</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#1e2227"/>',
        *(f'<circle cx="{MARGIN + 4 + 18 * i}" cy="{BAR / 2}" r="5" fill="{colour}"/>'
          for i, colour in enumerate(["#e06c5f", "#e0b45f", "#6fb46f"])),
        f'<text x="{width / 2}" y="{BAR / 2 + 4}" text-anchor="middle" fill="#98a1ab" '
        f'font-family="{FONT}" font-size="12">{html.escape(title)}</text>',
        f'<g fill="#d8dee6" font-family="{FONT}" font-size="12">',
    ]
    for number, line in enumerate(lines):
        y = BAR + MARGIN + LINE * number + 11
        if line.strip():
            text = html.escape(line).replace(" ", "&#160;")  # Browsers draw one space for many.
            parts.append(f'<text x="{MARGIN}" y="{y}" textLength="{CHARACTER * len(line):.2f}" '
                         f'lengthAdjust="spacingAndGlyphs">{text}</text>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("picture")
    parser.add_argument("--title", default="")
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--columns", type=int, default=110)
    options = parser.parse_args()
    lines = cut(sys.stdin.read().expandtabs().rstrip("\n").split("\n"), options.lines,
                options.columns)
    with open(options.picture, "w", encoding="utf-8") as file:
        file.write(draw(lines, options.title))


main()
