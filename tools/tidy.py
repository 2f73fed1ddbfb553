#!/usr/bin/env python3
"""The house rules as a test: floors, sizes, names, tests, links and quotations.

Usage: tools/tidy.py [root]. Prints file:line: message for every violation; exits 1 if there is one.
"""

import os
import re
import sys
import textwrap
from pathlib import Path

sys.dont_write_bytecode = True
from cpp_text import blank_comments, functions  # noqa: E402

# --- The floors: a file may include its own floor and those below it. ----------------------------

VOCABULARY, ASYNC, LOOP, IO, HTTP, ROOF = range(6)
FLOOR_NAMES = ["vocabulary", "async", "loop", "io", "http", "hooks"]

# Other headers of include/contrail/ are io's. A header of detail/ is as high as what it includes.
PUBLIC_FLOORS = {
    VOCABULARY: "function error creation_site result resource_info resource_types fwd version",
    ASYNC: "async_hook async_resource async_context async_local_storage execution "
           "event_time hook_slot sampling",
    LOOP: "loop microtask timers promise promise_combinators thenable cancellation event_emitter "
          "graceful_shutdown",
    ROOF: "contrail",
}
FLOOR_OF_HEADER = {name: floor for floor, names in PUBLIC_FLOORS.items() for name in names.split()}
FLOOR_OF_FOLDER = {
    "src/async": ASYNC, "src/loop": LOOP, "src/io": IO, "src/http": HTTP, "src/testing": LOOP,
    "hooks": ROOF, "include/contrail/http": HTTP, "include/contrail/hooks": ROOF,
    "include/contrail/testing": LOOP,
}

# These live on public headers alone: they prove that the public headers suffice.
PUBLIC_ONLY = ("src/http/", "hooks/", "include/contrail/http/", "include/contrail/hooks/",
               "docs/examples/")
EXPORT_HEADER = "include/contrail/detail/export.h"
WITHOUT_LIBUV = ("include/", "src/async/", "src/http/", "hooks/")

# --- Sizes, names, tests. ------------------------------------------------------------------------

CODE = (".h", ".cc")
SCRIPTS = (".py", ".sh", ".cmake", ".js", ".mjs")
LINES_MAX = 300
TEST_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
COLUMNS_MAX = 100
SCRIPT_COLUMNS_MAX = 120  # JavaScript, which clang-format does not wrap.
SIZED = ("src/", "include/", "hooks/", "bench/", "tools/")

# Names that say nothing about what is inside.
EMPTY_WORDS = set("util utils helper helpers manager common base impl".split())
NAMED_WELL = {"include/contrail/detail/promise_impl.h"}
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
DECLARATION = re.compile(
    r"^\s*(?:template\s*<.*>\s*)?"
    r"(?:class|struct|union|enum(?:\s+class)?|concept|namespace|using)\s+"
    r"(?:CONTRAIL_API\s+|\[\[.*?\]\]\s*)*((?:\w+::)*\w+)")

# Only names, so there is no behaviour to test.
NOTHING_TO_TEST = {"fwd", "contrail"}

# What the docs may quote as C++: what is compiled and run, or the contract itself.
QUOTING = re.compile(r"README\.md|docs/[^/]+\.md")
CPP_BLOCK = re.compile(r"^[ ]*```(?:cpp|c\+\+|cc)\b[^\n]*\n(.*?)^[ ]*```", re.M | re.S)
QUOTABLE = re.compile(r"docs/examples/[^/]+\.cc|include/contrail/.*\.h")

# The map of the documentation, and what has to be on it.
LISTED = re.compile(r"docs/examples/[^/]+\.cc|include/contrail/[^/]+\.h")

IGNORED_FOLDERS = {"build", "node_modules", "__pycache__", "goldens", "corpus"}


class Tidy:
    def __init__(self, root):
        self.root = root
        self.violations = []
        self.files = {}
        for folder, folders, names in os.walk(root):
            folders[:] = [f for f in folders
                          if f not in IGNORED_FOLDERS and (f == ".ci" or not f.startswith("."))]
            for name in names:
                path = Path(folder, name)
                if self.is_text(path):
                    text = path.read_text(encoding="utf-8", errors="replace")
                    self.files[path.relative_to(root).as_posix()] = text
        self.floors = {}

    @staticmethod
    def is_text(path):
        if path.suffix in CODE + SCRIPTS + (".md", ".txt", ".in"):
            return True
        return path.suffix == "" and path.parent.name in ("tools", ".ci")

    def fail(self, path, line, message):
        self.violations.append(f"{path}:{line}: {message}")

    def run(self):
        for path, text in self.files.items():
            self.check_name(path)
            self.check_lines(path, text)
            if path.endswith(CODE):
                self.check_includes(path, text)
                self.check_declarations(path, text)
                self.check_functions(path, text)
            if path.endswith(".h") and not re.search(r"^#pragma once$", text, re.M):
                self.fail(path, 1, "a header starts with #pragma once")
            if path.endswith(".md"):
                self.check_links(path, text)
            if QUOTING.fullmatch(path):
                self.check_quotations(path, text)
        self.check_tests()
        self.check_index()
        return sorted(self.violations)

    # --- floors

    def includes(self, path):
        """(line, name, the file of ours it names or None) for every #include."""
        for number, line in enumerate(self.files[path].splitlines(), 1):
            if found := re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line):
                name = found.group(1)
                near = os.path.normpath(os.path.join(os.path.dirname(path), name))
                places = (near, "include/" + name, "src/" + name, name)
                own = next((p for p in places if p in self.files), None)
                yield number, name, own

    def floor(self, path):
        """The floor a file belongs to, or None if it stands outside the house."""
        if path not in self.floors:
            self.floors[path] = VOCABULARY  # Ends the recursion if headers include each other.
            self.floors[path] = self.find_floor(path)
        return self.floors[path]

    def find_floor(self, path):
        folder = os.path.dirname(path)
        if folder == "include/contrail/detail":
            named = (self.floor(own) for _, _, own in self.includes(path) if own)
            return max([VOCABULARY, *(f for f in named if f is not None)])
        if folder == "include/contrail":
            return FLOOR_OF_HEADER.get(Path(path).stem, IO)
        return next((floor for prefix, floor in FLOOR_OF_FOLDER.items()
                     if (folder + "/").startswith(prefix + "/")), None)

    def check_includes(self, path, text):
        floor = self.floor(path)
        for line, name, own in self.includes(path):
            if name in ("uv.h", "uv/version.h") and path.startswith(WITHOUT_LIBUV):
                self.fail(path, line, "uv.h may be included only by the .cc files and private "
                                      "headers of the loop and io floors")
            if own and path.startswith(PUBLIC_ONLY):
                self.check_public_only(path, line, own)
            if own is None or floor is None or self.floor(own) is None:
                continue
            if self.floor(own) > floor:
                self.fail(path, line, f"{own} is of a floor above: {FLOOR_NAMES[floor]} may not "
                                      f"include {FLOOR_NAMES[self.floor(own)]}")
            elif path.startswith("include/") and not own.startswith("include/"):
                self.fail(path, line, f"a public header may not include the private {own}")

    def check_public_only(self, path, line, own):
        private = own.startswith("src/") and os.path.dirname(own) != os.path.dirname(path)
        detail = own.startswith("include/contrail/detail/") and own != EXPORT_HEADER
        if private or detail:
            self.fail(path, line, f"only public headers may be included here, not {own}")

    # --- sizes and names

    def check_name(self, path):
        words = re.split(r"[/._-]", path)
        if path not in NAMED_WELL and (empty := EMPTY_WORDS.intersection(words)):
            self.fail(path, 1, f"'{empty.pop()}' says nothing about what is inside")

    def check_lines(self, path, text):
        lines = text.splitlines()
        limit = TEST_LINES_MAX if path.startswith("test/") else LINES_MAX
        sized = path.startswith(SIZED) or (path.startswith("test/") and path.endswith(CODE))
        if sized and len(lines) > limit:
            self.fail(path, limit + 1, f"{len(lines)} lines; a file has at most {limit}")
        columns = SCRIPT_COLUMNS_MAX if path.endswith((".js", ".mjs")) else COLUMNS_MAX
        prose = path.endswith((".md", ".txt"))
        for number, line in enumerate(lines, 1):
            if found := UNFINISHED.search(line):
                self.fail(path, number, f"{found.group()}: finish it, or open an issue")
            if len(line) > columns and not prose and "://" not in line:
                self.fail(path, number, f"{len(line)} columns; a line has at most {columns}")

    def check_declarations(self, path, text):
        for number, line in enumerate(blank_comments(text).splitlines(), 1):
            if found := DECLARATION.match(line):
                words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", found.group(1))
                aliased = re.match(r"\s*using\s+(namespace\b|[\w:]+\s*;)", line)
                empty = EMPTY_WORDS.intersection(word.lower() for word in words)
                if empty and not aliased:
                    self.fail(path, number, f"'{empty.pop()}' in {found.group(1)} says nothing")

    def check_functions(self, path, text):
        for first, last in functions(blank_comments(text)):
            if last - first + 1 > FUNCTION_LINES_MAX:
                self.fail(path, first, f"a function of {last - first + 1} lines; "
                                       f"it has at most {FUNCTION_LINES_MAX}")

    # --- tests, links and quotations

    def check_tests(self):
        for path in self.files:
            found = re.fullmatch(r"include/contrail/((?:http/|hooks/|testing/)?(\w+))\.h", path)
            if not found or found.group(2) in NOTHING_TO_TEST:
                continue
            test = f"test/unit/{found.group(1)}_test.cc"
            if test not in self.files:
                self.fail(path, 1, f"a public header has its test: {test} is missing")

    def check_index(self):
        """docs/index.md has a link to every example and to every public header of no folder."""
        index = self.files.get("docs/index.md")
        for path in self.files if index is not None else ():
            if LISTED.fullmatch(path) and f"({os.path.relpath(path, 'docs')})" not in index:
                self.fail(path, 1, "docs/index.md does not link to it")

    def check_links(self, path, text):
        without_code = re.sub(r"^```.*?^```|`[^`\n]*`", lambda m: re.sub(r"[^\n]", " ", m.group()),
                              text, flags=re.M | re.S)
        for number, line in enumerate(without_code.splitlines(), 1):
            inline = re.findall(r"\]\(<?([^)>\s]+)>?[^)]*\)", line)
            for link in inline + re.findall(r"^\[[^\]]+\]:\s+(\S+)", line):
                target, _, part = link.partition("#")
                if not target or re.match(r"[a-z]+:", link):
                    continue
                file = os.path.normpath(os.path.join(os.path.dirname(path), target))
                test = r"\(\s*" + re.escape(part).replace(r"\.", r",\s*") + r"\s*\)"
                if not (self.root / file).exists() or (  # Suite.name of a unit test.
                        target.endswith("_test.cc") and part and
                        not re.search(test, self.files.get(file, ""))):
                    self.fail(path, number, f"the link to {link} leads nowhere")

    def check_quotations(self, path, text):
        """Every block of C++ is a run of lines of the file named in the comment above it."""
        lines = text.splitlines()
        for block in CPP_BLOCK.finditer(text):
            number = text.count("\n", 0, block.start()) + 1
            above = lines[number - 2].strip() if number > 1 else ""
            named = re.fullmatch(r"<!-- (\S+) -->", above)
            source = named.group(1) if named else None
            if source is None or not QUOTABLE.fullmatch(source):
                self.fail(path, number, "the line above a block of C++ names the example or the "
                                        "public header it is from: <!-- docs/examples/name.cc -->")
            elif source not in self.files:
                self.fail(path, number, f"the block is said to be from {source}, which is missing")
            elif not quotes(block.group(1), self.files[source]):
                self.fail(path, number, f"the block is not an excerpt of {source}")


def quotes(block, source):
    """Whether the block is a run of lines of the source, but for their common indentation."""
    wanted = without_indentation(block.splitlines())
    lines = source.splitlines()
    return bool(wanted) and any(without_indentation(lines[i:i + len(wanted)]) == wanted
                                for i in range(len(lines) - len(wanted) + 1))


def without_indentation(lines):
    return textwrap.dedent("\n".join(lines)).split("\n") if lines else []


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    violations = Tidy(root).run()
    for violation in violations:
        print(violation)
    print(f"tidy: {len(violations)} violations" if violations else "tidy: nothing to say")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
