"""Plants one violation at a time in a clean map and expects check_node_tests.py to name its row."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from check_node_tests import results_of, summary, table, violations  # noqa: E402

# A test binary in the eyes of the script: three tests, of which one fails and one is skipped.
BINARY = """#!/usr/bin/env python3
import json, sys
arguments = dict(argument.lstrip("-").split("=", 1) for argument in sys.argv[1:] if "=" in argument)
if "--gtest_list_tests" in sys.argv:
    print("Running main() from gmock_main.cc\\nTimers.\\n  fire\\n  fail\\n  wait  # a comment")
    sys.exit()
wanted = arguments["gtest_filter"].split(":")
outcomes = [("fire", {"result": "COMPLETED"}), ("wait", {"result": "SKIPPED"}),
            ("fail", {"result": "COMPLETED", "failures": [{}]})]
tests = [{"name": name, **outcome} for name, outcome in outcomes if "Timers." + name in wanted]
with open(arguments["gtest_output"].removeprefix("json:"), "w") as report:
    json.dump({"testsuites": [{"name": "Timers", "testsuite": tests}]}, report)
"""


def rows():
    return [
        {"row": 1, "path": "a.js", "topic": "timers", "covered_by": ["Timers.fire", "timers/once"]},
        {"row": 2, "path": "b.js", "topic": "timers", "covered_by": ["programs/tcp/echo"]},
        {"row": 3, "path": "c.js", "topic": "sockets", "pending": "TLS"},
        {"row": 4, "path": "d.js", "topic": "timers", "not_applicable": "there is no collector"},
    ]


class NodeTestsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for name in ("scenarios/timers/once.json", "scenarios/timers/once.trace",
                     "programs/tcp/echo.cc", "programs/tcp/echo.trace"):
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("something")

    def violations_of(self, changed, results=None):
        results = {"Timers.fire": "passed"} if results is None else results
        return violations(changed, results, self.root, count=4)

    def expect(self, row, message, changed, results=None):
        found = self.violations_of(changed, results)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"row {row}: "), found)
        self.assertIn(message, found[0])

    def changed(self, index, **fields):
        changed = rows()
        changed[index] |= fields
        return changed

    def test_a_clean_map_has_none(self):
        self.assertEqual(self.violations_of(rows()), [])

    def test_every_row_is_there_once(self):
        self.expect(3, "0 times", [row for row in rows() if row["row"] != 3])
        twice = [*rows(), {**rows()[2], "path": "e.js"}]
        self.expect(3, "2 times", twice)
        self.expect(5, "beyond 4", [*rows(), {**rows()[2], "row": 5, "path": "e.js"}])

    def test_every_row_has_a_path_of_its_own(self):
        self.expect(2, "row 1", self.changed(1, path="a.js"))
        self.expect(2, "no path", self.changed(1, path=""))

    def test_a_row_says_one_thing(self):
        self.expect(3, "exactly one", self.changed(2, not_applicable="no"))
        self.expect(3, "exactly one", self.changed(2, pending=""))
        self.expect(2, "exactly one", self.changed(1, covered_by=[]))
        self.expect(3, "no topic", self.changed(2, topic=""))
        self.expect(3, "penidng", self.changed(2, penidng="TLS"))

    def test_a_test_exists_and_passes(self):
        self.expect(1, "Timers.fire does not exist", rows(), {})
        for result in ("failed", "was skipped", "did not run"):
            self.expect(1, f"Timers.fire {result}", rows(), {"Timers.fire": result})

    def test_a_scenario_or_program_exists_and_has_a_trace(self):
        self.expect(2, "programs/tcp/gone", self.changed(1, covered_by=["programs/tcp/gone"]))
        self.expect(2, "timers/gone", self.changed(1, covered_by=["timers/gone"]))
        (self.root / "scenarios/timers/once.trace").write_text("")
        self.expect(1, "timers/once", rows())

    def test_tests_are_run_and_their_results_told(self):
        binary = self.root / "tests"
        binary.write_text(BINARY)
        binary.chmod(0o755)
        wanted = {"Timers.fire", "Timers.fail", "Timers.wait", "Timers.gone"}
        self.assertEqual(results_of(str(binary), wanted), {
            "Timers.fire": "passed", "Timers.fail": "failed", "Timers.wait": "was skipped"})

    def test_a_binary_that_dies_has_run_nothing(self):
        binary = self.root / "tests"
        binary.write_text(BINARY.replace("wanted =", "sys.exit(1)\nwanted ="))
        binary.chmod(0o755)
        self.assertEqual(results_of(str(binary), {"Timers.fire"}), {"Timers.fire": "did not run"})

    def test_rows_are_counted(self):
        self.assertEqual(summary(rows()),
                         "4 rows: 2 green, 1 pending (TLS 1), 1 not applicable")
        self.assertEqual(table(rows()).splitlines()[2:], [
            "| timers | 2 | 0 | 1 |", "| sockets | 0 | 1 | 0 |", "| all | 2 | 1 | 1 |"])


if __name__ == "__main__":
    unittest.main()
