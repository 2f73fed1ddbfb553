#!/usr/bin/env python3
"""Fails if a page of a folder has a link, or a picture, that leads to nothing."""

import pathlib
import re
import sys

# A path that is written in backquotes is no link; the text of a link may be.
LINK = re.compile(r"\]\(([^)\s]+)\)")


def dead_links(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        path = target.partition("#")[0]
        if path and not re.match(r"[a-z]+:", path) and not (page.parent / path).exists():
            yield target


def main():
    folder = pathlib.Path(sys.argv[1])
    pages = sorted(folder.rglob("*.md"))
    dead = [(page, target) for page in pages for target in dead_links(page)]
    for page, target in dead:
        print(f"{page.relative_to(folder)}: {target} leads to nothing")
    print(f"{len(pages)} pages, {len(dead)} dead links")
    return 0 if pages and not dead else 1


if __name__ == "__main__":
    sys.exit(main())
