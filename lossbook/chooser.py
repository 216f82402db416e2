"""Which loss: three questions, and for their answers a loss, its last layer and the number to expect."""

import ast
import difflib
import math
import re
import textwrap
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import lossbook

from ._atlas import LIBRARIES
from ._facts import Absent
from ._html import table

WIDTH = 84  # of a choice in a terminal
NAMES = vars(math) | {name: getattr(np, name) for name in ("log", "sqrt", "abs", "mean", "minimum")}


class Leaf(SimpleNamespace):
    """Where three answers lead: the fields of a leaf of choose.toml, such as `loss`, `head` and `trap`."""

    at, torch, keras, sklearn, estimator = "0", "", "", "", ""
    function = property(lambda self: lossbook.catalogue[self.loss.partition("(")[0]])

    def arguments(self):
        """Return what the call gives to the parameters of the loss, as code."""
        call = ast.parse(self.loss, mode="eval").body
        given = zip(self.function.spaces, map(ast.unparse, call.args), strict=False)
        return dict(given) | {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}

    def calls(self):
        """Return the call in each library; where there is none, an `Absent` that says why."""
        given = self.arguments()
        calls = {library: getattr(self, name) or self.function.facts[name] for name, library in LIBRARIES.items()}
        for library, call in calls.items():
            if not isinstance(call, Absent):
                calls[library] = re.sub(r"(?<![\w.])\w+\b(?!=[^=])", lambda word: given.get(word[0], word[0]), call)
        return calls

    def expect(self, **known):
        """Return the first loss of a model that knows nothing; `known` is what `start` names."""
        given = {name: ast.literal_eval(code) for name, code in self.arguments().items() if not code.isidentifier()}
        return float(eval(self.start, {"__builtins__": {}}, NAMES | given | known))

    def rows(self):
        """Return what a reader wants to know, as pairs of a word and a text."""
        start = f"`{self.start}`: {self.start_words}"
        told = {"loss": f"`{self.loss}`", "last layer": self.head, "read it": self.decode, "starts at": start}
        calls = {name: call if isinstance(call, Absent) else f"`{call}`" for name, call in self.calls().items()}
        return [*(told | calls | {"why": self.why, "trap": self.trap, "page": f"`book/{self.page}`"}).items()]


with Path(__file__).with_name("choose.toml").open("rb") as file:
    answers = tomllib.load(file)  # for each question its answers, with what they mean
leaves, questions = {leaf["name"]: Leaf(**leaf) for leaf in answers.pop("leaf")}, answers.pop("question")


class Choice(SimpleNamespace):
    """The answers that were `given` and the `leaves` that fit them, as a table where it is shown."""

    def _table(self):
        title = ", ".join(f"{name}={answer!r}" for name, answer in self.given.items())
        if len(self.leaves) == 1:
            return f"{title}: {self.leaves[0].title}", self.leaves[0].rows()
        if not self.given:
            return questions["target"], [*answers["target"].items()]
        asked, rows = [name for name in questions if name not in self.given], []
        for leaf in self.leaves:
            meaning = answers[asked[0]][getattr(leaf, asked[0])]
            rows.append((" → ".join(getattr(leaf, name) for name in asked), f"{meaning}: `{leaf.loss}`"))
        return f"{title}: {len(self.leaves)} losses. {questions[asked[0]]}", rows

    def __repr__(self):
        title, rows = self._table()
        lines, left = textwrap.wrap(title, WIDTH), 2 + max(len(head) for head, _ in rows)
        for head, text in rows:
            first, *rest = textwrap.wrap(text.replace("`", ""), WIDTH - left, break_long_words=False)
            lines += [f"{head:{left}}{first}", *(" " * left + line for line in rest)]
        return "\n".join(lines)

    def _repr_html_(self):
        title, rows = self._table()
        return table(rows, caption=title)


def choose(*, target=None, cost=None, output=None):
    """Find a loss by what the target is, what an error costs, and what must come out.

    Parameters
    ----------
    target, cost, output : str, optional
        Answers to the three questions. Without any, the possible targets are listed; with some, what is left.

    Returns
    -------
    Choice
        A table of what fits. One leaf that is left is told in full, with the loss, its last layer and the trap.

    Raises
    ------
    ValueError
        If no loss is known for an answer, given those before it.
    """
    given, left = {}, tuple(leaves.values())
    for name, answer in dict(target=target, cost=cost, output=output).items():
        if answer is not None:
            known = {getattr(leaf, name) for leaf in left}
            if answer not in known:
                near = ", ".join(difflib.get_close_matches(str(answer), sorted(known), len(known), 0))
                beside = "".join(f" with {key}={value!r}" for key, value in given.items())
                raise ValueError(f"{name} is {answer!r}, expected{beside} one of {near}.")
            given[name], left = answer, tuple(leaf for leaf in left if getattr(leaf, name) == answer)
    return Choice(given=given, leaves=left)
