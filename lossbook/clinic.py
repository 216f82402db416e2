"""From a symptom to its cause: an error message, a number, or a batch to look into."""

import itertools
import math
import re
import textwrap
import tomllib
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ._html import marked, table

WIDTH = 84  # of an answer in a terminal
SHORT = 80  # a text shorter than this may be about a number in it
NUMBERS = r"-?\d+\.\d+\b|\bnan\b|\binf\b"
FIRST = (
    "Is the first loss what theory says (log of the number of classes, variance of the targets)?",
    "Can the model learn sixteen samples by heart?",
    "Do output and target have the shapes, the dtypes and the values that the loss asks for?",
)
PAGES = {
    "shapes-and-types": "Shapes and types",
    "logits-and-probabilities": "Logits and probabilities",
    "reduction-and-weights": "Reduction and weights",
    "stability": "Numerical stability",
    "choosing": "Choosing and copying a loss",
    "training-dynamics": "Training dynamics",
    "custom-losses": "Losses of your own",
    "accumulation-and-distribution": "Accumulation and several processes",
}
FIRST_PAGE = "8-faq/first-five-minutes.html"


@dataclass(frozen=True, kw_only=True)
class Message:
    """A text that a library prints: an example, the pattern that finds it again, and code that provokes it.

    `weak` marks one that other faults raise too: it is sure only where `context` is found beside it. `old` marks a
    wording that the installed version does not print; `unverified` says why one could not be provoked.
    """

    text: str
    pattern: str
    library: str = "PyTorch"
    code: str = ""
    weak: bool = False
    context: str = ""
    old: bool = False
    unverified: str = ""

    def shown(self):
        """Return the message as an item of a list in Markdown."""
        notes = ["in older versions"] * self.old + ["other faults say so too"] * self.weak
        notes += [f"not seen here: {self.unverified}"] * bool(self.unverified)
        return f"- {self.library}: `` {self.text} ``" + f" ({'; '.join(notes)})" * bool(notes)


@dataclass(frozen=True, kw_only=True)
class Number:
    """A value at which a loss stands: an expression in classes, batch, margin and the like, and when that is so."""

    value: str
    when: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Entry:
    """One question of the clinic: what is seen, why, the cure, and the line that keeps it from coming back."""

    name: str
    page: str
    title: str
    answer: str
    see: str
    cause: str
    cure: str
    line: str
    curve: str = ""
    messages: tuple = ()
    numbers: tuple = ()

    @property
    def link(self):
        """Address of the entry, from the root of the book."""
        return f"8-faq/{self.page}.html#clinic-{self.name}"

    def __repr__(self):
        return f"{self.title} ({self.link})"

    def _repr_markdown_(self):
        parts = [f"**You see.** {self.see}"]
        shown = [message.shown() for message in sorted(self.messages, key=lambda message: message.old)]
        parts += ["\n".join(shown[:5])]
        if shown[5:]:
            more = "\n".join(shown[5:])
            parts += [f"<details><summary>{len(shown) - 5} more</summary>\n\n{more}\n\n</details>"]
        parts += [f"**Why.** {self.cause}", f"**Cure.** {self.cure}", "**So that it stays away:**"]
        return "\n\n".join(part for part in [*parts, f"```python\n{self.line}\n```"] if part)


def _read():
    with Path(__file__).with_name("clinic.toml").open("rb") as file:
        found = tomllib.load(file)["entry"]
    for fields in found:
        fields["messages"] = tuple(Message(**message) for message in fields.pop("message", ()))
        fields["numbers"] = tuple(Number(**number) for number in fields.pop("number", ()))
    return {fields["name"]: Entry(**fields) for fields in found}


entries = _read()
"""Every entry of the clinic by its name."""


@dataclass(frozen=True)
class Suspect:
    """An entry that may explain what was seen: whether that is sure, and what in it matched."""

    entry: Entry
    sure: bool
    because: str


@dataclass(frozen=True, repr=False)
class Answer:
    """What the clinic makes of a symptom, as a table in a terminal and in a notebook.

    Attributes
    ----------
    asked : str
        What was understood.
    suspects : tuple of Suspect
        The likeliest first; empty where nothing is known.
    """

    asked: str
    suspects: tuple

    def __str__(self):
        lines = []
        for number, suspect in enumerate(self.suspects, 1):
            entry, sure = suspect.entry, "" if suspect.sure else " (possible)"
            told = [f"{entry.title}{sure}", f"because: {suspect.because}", f"cause: {entry.cause}"]
            told += [f"cure: {entry.cure}", f"page: {entry.link}"]
            for head, text in zip([f"{number}. ", *["   "] * 4], told, strict=True):
                lines += textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent="     ")
        if not self.suspects:
            lines = [f"Nothing is known about {self.asked}. Three checks to do first:"]
            lines += [f"{number}. {check}" for number, check in enumerate(FIRST, 1)] + [f"page: {FIRST_PAGE}"]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self):
        if not self.suspects:
            checks = "".join(f"<li>{marked(check)}</li>" for check in FIRST)
            return f"<p>Nothing is known about {marked(self.asked)}. Do first:</p><ol>{checks}</ol>"
        rows = [
            (one.entry.title + " (possible)" * (not one.sure), one.because, one.entry.cause, one.entry.cure)
            for one in self.suspects
        ]
        return table(rows, head=("probably", "because", "cause", "cure"))


def diagnose(error):
    """Say what an error message probably means.

    Parameters
    ----------
    error : BaseException or str
        What was raised; or its message, a whole traceback or a warning, as text. A text that is a number is given
        to `explain_value`.

    Returns
    -------
    Answer
        The entries of the clinic that know the message, the likeliest first; or none.
    """
    if isinstance(error, BaseException):
        text = "".join(traceback.format_exception(error))
    else:
        text = error if isinstance(error, str) else repr(error)
        if _number(text) is not None:
            return explain_value(text)
    text = plain(text)
    found = []
    for entry in entries.values():
        for message in entry.messages:
            for hit in re.finditer(message.pattern, text):
                around = text[: hit.start()] + text[hit.end() :]
                sure = not message.weak or bool(message.context and re.search(message.context, around))
                found.append((not sure, -hit.end(), hit.start(), entry, f"the text says: {hit[0]}"))
    if not found and len(text) < SHORT:
        classes = next(iter(re.findall(r"\b(\d+) classes\b", text)), None)
        numbers = [explain_value(part, classes=classes).suspects for part in re.findall(NUMBERS, text, re.IGNORECASE)]
        found = [(not one.sure, 0, 0, one.entry, one.because) for suspects in numbers for one in suspects]
    found.sort(key=lambda hit: hit[:3])  # sure ones first, then what stands last, then the longest
    suspects = {}
    for weak, _, _, entry, because in found:
        suspects.setdefault(entry.name, Suspect(entry, not weak, because))
    return Answer(textwrap.shorten(text[-60:], 60) or "an empty text", tuple(suspects.values()))


def plain(text):
    """Return the end of a text without colours, in straight quotes, with single spaces."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text[-20_000:])
    return " ".join(text.translate(dict(zip(map(ord, "‘’“”"), "''\"\"", strict=True))).split())


USUAL = dict(
    classes=[*range(2, 21), 50, 80, 100, 200, 365, 1000, 10000, 21843, 30522, 32000, 50257, 128256],
    batch=[2**k for k in range(1, 17)],
    margin=[0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 1, 2],
)
"""What is tried where it is not given: a match is a possibility then."""
NAMES = {name: getattr(math, name) for name in ("log", "exp", "sqrt", "nan", "inf")} | {"abs": abs}
UNKNOWN = ("variance", "deviation", "entropy")  # of the targets: not guessed


def explain_value(value, *, classes=None, batch=None, margin=None, target=None):
    """Say what it probably means that a loss stands at a number, or starts at it.

    Parameters
    ----------
    value : float or str
        The number. As text, such as ``"0.69"``, it counts with the digits it has.
    classes, batch : int, optional
        How many classes there are, and how many samples in a batch.
    margin : float, optional
        Of a hinge or a triplet loss.
    target : array, optional
        All targets: reals, or integers for classes.

    Returns
    -------
    Answer
        The entries of the clinic that know the number. What rests on a guessed number of classes, a guessed batch
        or on two digits only is a possibility. What cannot be read as a number has none.
    """
    number, given = _number(value), {}
    asked = f"the value {textwrap.shorten(str(value), 40)}"
    if number is None:
        return Answer(asked, ())
    for name, known in dict(classes=classes, batch=batch, margin=margin).items():
        if (known := _number(known)) is not None:
            given[name] = known
    found = []
    for entry in entries.values():
        for known in entry.numbers:
            hit = _meets(number, _digits(value), known.value, given | _of_targets(target))
            if hit:
                found.append((*hit, entry, known.when))
    found.sort(key=lambda hit: hit[:2])
    suspects = {}
    for guessed, _, words, entry, when in found:
        suspects.setdefault(entry.name, Suspect(entry, not guessed, f"{words}: {when}"))
    return Answer(asked, tuple(suspects.values()))


def _meets(number, digits, text, given):
    """Return whether it was guessed, how far down the guess stands, and the match in words; or None."""
    relation, expression = re.match(r"([<>]?)(.*)", text).groups()
    needs = [name for name in (*USUAL, *UNKNOWN) if re.search(rf"\b{name}\b", expression)]
    if any(name in UNKNOWN for name in set(needs) - set(given)) or (relation and set(needs) - set(given)):
        return None
    guesses = [[given[name]] if name in given else USUAL[name] for name in needs]
    for place, values in enumerate(itertools.product(*guesses)):
        known = dict(zip(needs, values, strict=True))
        try:
            there = eval(expression, {"__builtins__": {}}, NAMES | known)
        except (ArithmeticError, ValueError):
            continue
        if relation:
            hit = number < there if relation == "<" else number > there
        else:
            off = max(1e-3, min(0.5 * 10.0 ** (1 - digits), 0.02)) * abs(there)
            near = math.isfinite(there) and abs(number - there) <= off
            hit = near or number == there or (math.isnan(number) and math.isnan(there))
        if hit:
            rough = digits < 3 and math.isfinite(there) and not math.isclose(number, there, rel_tol=1e-4)
            guessed = bool(set(needs) - set(given)) or (rough and not relation)
            with_ = ", ".join(f"{name} = {value:.4g}" for name, value in known.items())
            return guessed, place, f"{text}{' with ' * bool(with_)}{with_}"
    return None


def _number(value):
    """Return a float, or None where there is none to be read."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None


def _digits(value):
    """Return how many significant digits a number was given with."""
    text = value if isinstance(value, str) else f"{float(value):.6g}"
    return len(re.sub(r"e.*|[^0-9]", "", text.lower()).lstrip("0")) or 3


def _of_targets(target):
    """Return what the best constant is charged on targets, under three losses."""
    try:
        y = np.asarray(target.detach().cpu() if hasattr(target, "detach") else target)
        if not y.size or y.dtype.kind not in "biuf":
            return {}
        y = y.astype(float)
        shares = np.unique(y, return_counts=True)[1] / y.size
        with np.errstate(all="ignore"):
            found = dict(variance=y.var(), deviation=abs(y - np.median(y)).mean(), entropy=-(shares @ np.log(shares)))
    except (TypeError, ValueError, AttributeError, RuntimeError, ZeroDivisionError):
        return {}
    return {name: float(number) for name, number in found.items() if np.isfinite(number)}
