"""What a check found, as a table in a terminal and in a notebook."""

import textwrap
from dataclasses import dataclass

from ._html import table

WIDTH = 84  # of the table in a terminal
STATUSES = FAILED, WARNING, INFO, PASSED, SKIPPED = ("FAILED", "warning", "info", "passed", "skipped")


@dataclass(frozen=True)
class Finding:
    """What one check tried, what came, and what is probably wrong; `status` is one of `STATUSES`."""

    name: str
    status: str
    tried: str
    came: str
    probably: str = ""


@dataclass(frozen=True, repr=False)
class Report:
    """What `check_loss` or `inspect_batch` found, as a table in a terminal and in a notebook.

    Attributes
    ----------
    loss : str
        What was looked at: the name of a loss and the task, or one batch.
    ok : bool
        Whether no check failed.
    failed, warnings, information : tuple of str
        Names of the checks that failed, that warn of what PyTorch's own losses do too, and that only inform.
    findings : tuple of Finding
        One a check, the gravest first.
    """

    loss: str
    findings: tuple
    ok = property(lambda self: not self.failed)
    failed = property(lambda self: self._names(FAILED))
    warnings = property(lambda self: self._names(WARNING))
    information = property(lambda self: self._names(INFO))

    def _names(self, status):
        return tuple(finding.name for finding in self.findings if finding.status == status)

    def _title(self):
        named = {status: ", ".join(self._names(status)) for status in (FAILED, WARNING)}
        parts = [f"{status}: {names}" for status, names in named.items() if names]
        return f"{self.loss}: {'; '.join(['ok'] * self.ok + parts)}"

    def __str__(self):
        lines = textwrap.wrap(self._title(), WIDTH)
        for finding in self.findings:
            told = [f"tried: {finding.tried}", f"came: {finding.came}", f"probably: {finding.probably}"]
            short = {PASSED: [finding.tried], SKIPPED: [finding.came]}
            head = f"{finding.name:14}{finding.status:9}"
            for text in short.get(finding.status, told if finding.probably else told[:2]):
                lines += textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * 25)
                head = " " * 23
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self):
        rows = [(found.name, found.status, found.tried, found.came, found.probably) for found in self.findings]
        return table(rows, head=("check", "result", "tried", "came", "probably"), caption=self._title())
