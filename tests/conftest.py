"""What all tests share."""

import os
import re
from collections import defaultdict

os.environ["KERAS_BACKEND"] = "torch"

CASE = re.compile(r"test_(losses|facts|refusals)\.py::test_(\w+)\[(.*)\]")
MARKS = {"passed": "+", "failed": "F", "error": "E"}


def pytest_terminal_summary(terminalreporter):
    """Print the table of losses by checks: + passed, F failed; nothing where the fact is declared absent."""
    import lossbook

    table, checks = defaultdict(dict), []
    for outcome, mark in MARKS.items():
        for report in terminalreporter.stats.get(outcome, []):
            case = CASE.search(getattr(report, "nodeid", ""))
            found = case and next((part for part in re.split(r"[-\[\]]", case[3]) if part in lossbook.catalogue), None)
            if found:
                checks += [case[2]] * (case[2] not in checks)
                table[found][case[2]] = max(mark, table[found].get(case[2], mark))
    if len(table) < len(lossbook.catalogue):
        return
    checks.sort()
    terminalreporter.section("losses by checks")
    for number, check in enumerate(checks, 1):
        terminalreporter.write_line(f"{number:4}  {check.replace('_', ' ')}")
    terminalreporter.write_line(" " * 34 + "".join(f"{number:3}" for number in range(1, len(checks) + 1)))
    for name in lossbook.catalogue:
        row = "".join(f"{table[name].get(check, ''):>3}" for check in checks)
        terminalreporter.write_line(f"{name:34}{row}")
