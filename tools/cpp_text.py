"""Reads C++ as roughly as the house rules need it."""

import re


def blank_comments(text):
    """The text with comments, strings and preprocessor lines made blank; lines stay in place."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:\\\n|[^\n])*",
        re.S | re.M)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


ACCESS = re.compile(r"\s*((public|private|protected)\s*:\s*)*")


def functions(text):
    """(first line, last line) of every function body that is not inside another one."""
    open_blocks = []  # (is a function, offset where its declaration starts)
    declared_at = 0
    for found in re.finditer(r"[{};]", text):
        mark, at = found.group(), found.start()
        if mark == "{":
            declared_at += len(ACCESS.match(text[declared_at:at]).group())
            head = text[declared_at:at]
            is_type = re.match(r"\s*(template\s*<.*?>\s*)?(class|struct|union|enum|namespace)\b",
                               head, re.S)
            inside = any(is_function for is_function, _ in open_blocks)
            open_blocks.append((bool(")" in head and not is_type and not inside), declared_at))
        elif mark == "}" and open_blocks:
            is_function, start = open_blocks.pop()
            if is_function:
                yield text.count("\n", 0, start) + 1, text.count("\n", 0, at) + 1
        declared_at = at + 1
