"""Plants one violation at a time in a clean tree and expects tools/tidy.py to name its place."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from tidy import Tidy  # noqa: E402

CLEAN = {
    "include/contrail/error.h": "#pragma once\n#include <string>\n",
    "include/contrail/execution.h": '#pragma once\n#include "contrail/error.h"\n',
    "include/contrail/loop.h": "#pragma once\n#include <contrail/execution.h>\n",
    "include/contrail/tcp.h": "#pragma once\n#include <contrail/detail/export.h>\n",
    "include/contrail/detail/export.h": "#pragma once\n",
    "include/contrail/detail/turn.h": "#pragma once\n#include <contrail/loop.h>\n",
    "include/contrail/http/server.h": "#pragma once\n#include <contrail/detail/export.h>\n",
    "src/async/environment.h": "#pragma once\n",
    "src/loop/loop.cc": '#include <uv.h>\n#include "async/environment.h"\n',
    "src/http/parser.h": "#pragma once\n",
    "src/http/server.cc": '#include "parser.h"\n#include <contrail/tcp.h>\n',
    "hooks/event_log.cc": "#include <contrail/http/server.h>\n",
    "test/unit/error_test.cc": "",
    "test/unit/execution_test.cc": "",
    "test/unit/loop_test.cc": "",
    "test/unit/tcp_test.cc": "",
    "test/unit/http/server_test.cc": "",
    "docs/examples/01_hello.cc": "int main() {\n  if (true) {\n    return 0;\n  }\n}\n",
    "README.md": "[the docs](docs/index.md#top) and `[not](a-link)`\n",
    "docs/index.md": "[back](../README.md) [out](https://example.org)\n"
                     "[hello](examples/01_hello.cc) [error](../include/contrail/error.h)\n"
                     "[execution](../include/contrail/execution.h)\n"
                     "[loop](../include/contrail/loop.h) [tcp](../include/contrail/tcp.h)\n",
}


class TidyTest(unittest.TestCase):
    def violations_of(self, changed):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in {**CLEAN, **changed}.items():
                if text is not None:
                    file = Path(folder, path)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text)
            return Tidy(Path(folder)).run()

    def expect(self, place, message, changed):
        found = self.violations_of(changed)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(place + ": "), found)
        self.assertIn(message, found[0])

    def test_a_clean_tree_has_none(self):
        self.assertEqual(self.violations_of({}), [])

    def test_an_include_may_not_point_up(self):
        self.expect("include/contrail/error.h:2", "floor above",
                    {"include/contrail/error.h": "#pragma once\n#include <contrail/loop.h>\n"})
        self.expect("src/async/hook.cc:1", "floor above",
                    {"src/async/hook.cc": "#include <contrail/loop.h>\n"})
        self.expect("src/io/tcp.cc:2", "floor above",
                    {"src/io/tcp.cc": "#include <uv.h>\n#include <contrail/http/server.h>\n"})

    def test_a_detail_header_is_as_high_as_what_it_includes(self):
        self.expect("include/contrail/execution.h:2", "floor above", {
            "include/contrail/execution.h": "#pragma once\n#include <contrail/detail/turn.h>\n"})
        self.assertEqual(self.violations_of({
            "src/loop/turn.cc": "#include <contrail/detail/turn.h>\n"}), [])

    def test_libuv_stays_in_loop_and_io(self):
        for path in ("src/async/a.cc", "src/http/a.cc", "hooks/a.cc"):
            self.expect(f"{path}:1", "uv.h", {path: "#include <uv.h>\n"})
        self.expect("include/contrail/tcp.h:2", "uv.h",
                    {"include/contrail/tcp.h": '#pragma once\n#include "uv.h"\n'})

    def test_http_and_hooks_use_public_headers_only(self):
        for path in ("src/http/a.cc", "hooks/a.cc", "docs/examples/01_hello.cc"):
            self.expect(f"{path}:1", "only public", {path: '#include "async/environment.h"\n'})
            self.expect(f"{path}:1", "only public", {path: "#include <contrail/detail/turn.h>\n"})
        for name in ("src/async/environment.h", "../async/environment.h"):
            self.expect("src/http/a.cc:1", "only public", {"src/http/a.cc": f'#include "{name}"\n'})
        self.assertEqual(self.violations_of({
            "src/http/a.cc": '#include "src/http/parser.h"\n'}), [])

    def test_a_public_header_does_not_show_private_ones(self):
        self.expect("include/contrail/loop.h:2", "private", {
            "include/contrail/loop.h": '#pragma once\n#include "async/environment.h"\n'})

    def test_files_and_lines_have_a_size(self):
        self.expect("src/loop/long.cc:301", "301 lines", {"src/loop/long.cc": "\n" * 301})
        self.expect("test/unit/long_test.cc:601", "601", {"test/unit/long_test.cc": "\n" * 601})
        self.expect("src/loop/wide.cc:2", "101 columns", {"src/loop/wide.cc": "\n" + "/" * 101})

    def test_functions_have_a_size(self):
        def body(lines):
            return "int f(int n) {\n" + "  if (n) { n = '}'; }  // {\n" * lines + "}\n"
        inside = "namespace a {\nclass B {\n public:\n  " + body(60) + "};\n}\n"
        self.assertEqual(self.violations_of({"src/loop/f.cc": body(58) + body(58)}), [])
        self.expect("src/loop/f.cc:1", "62 lines", {"src/loop/f.cc": body(60)})
        self.expect("src/loop/f.cc:4", "62 lines", {"src/loop/f.cc": inside})

    def test_names_say_something(self):
        self.expect("src/loop/string_utils.cc:1", "utils", {"src/loop/string_utils.cc": ""})
        self.expect("src/loop/a.cc:2", "TimerManager",
                    {"src/loop/a.cc": "\nclass TimerManager final {};\n"})
        self.assertEqual(self.violations_of({
            "src/loop/a.cc": "struct Database {};\nusing Row::Base;\nusing T = std::common_type;\n"
        }), [])

    def test_work_is_finished(self):
        self.expect("docs/plan.md:1", "finish it", {"docs/plan.md": "TO" + "DO: write\n"})

    def test_headers_are_guarded_by_pragma_once(self):
        self.expect("src/http/parser.h:1", "#pragma once", {"src/http/parser.h": "\n"})

    def test_every_public_header_has_its_test(self):
        self.expect("include/contrail/http/server.h:1", "test/unit/http/server_test.cc",
                    {"test/unit/http/server_test.cc": None})

    def test_the_index_has_every_example_and_public_header(self):
        self.expect("docs/examples/02_new.cc:1", "docs/index.md does not link to it",
                    {"docs/examples/02_new.cc": "int main() {}\n"})
        self.expect("include/contrail/udp.h:1", "docs/index.md does not link to it", {
            "include/contrail/udp.h": "#pragma once\n", "test/unit/udp_test.cc": ""})

    def test_links_lead_somewhere(self):
        self.expect("README.md:2", "nowhere", {"README.md": "\n[gone](docs/gone.md#part)\n"})

    def test_links_to_a_unit_test_name_one_that_exists(self):
        def linking(name):
            return {"test/unit/error_test.cc": "TEST(Error,\n     says_why) {}\n",
                    "docs/rules.md": f"[proof](../test/unit/error_test.cc#{name})\n"}
        self.assertEqual(self.violations_of(linking("Error.says_why")), [])
        self.expect("docs/rules.md:1", "nowhere", linking("Error.says_how"))

    def test_docs_quote_only_what_is_compiled(self):
        def quoting(code, source="docs/examples/01_hello.cc"):
            return {"docs/guide.md": f"\n<!-- {source} -->\n```cpp\n{code}```\n"}
        for code in ("if (true) {\n  return 0;\n}\n", "    return 0;\n"):
            self.assertEqual(self.violations_of(quoting(code)), [])
        self.assertEqual(self.violations_of(
            quoting("#include <string>\n", "include/contrail/error.h")), [])
        for code in ("return 1;\n", "if (true) {\n}\n", "if (true) {\n    return 0;\n}\n"):
            self.expect("docs/guide.md:3", "not an excerpt", quoting(code))
        self.expect("docs/guide.md:3", "missing", quoting("int x;\n", "docs/examples/02_gone.cc"))
        for source in ("src/async/environment.h", "docs/examples"):
            self.expect("docs/guide.md:3", "line above", quoting("#pragma once\n", source))
        self.expect("README.md:1", "line above", {"README.md": "```cpp\nint x;\n```\n"})


if __name__ == "__main__":
    unittest.main()
