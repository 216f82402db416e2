"""The clinic knows what the installed libraries say, on what its pages run, and nothing else."""

import ast
import math
import re
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import BOOK, read_cells
from torch import nn
from torch.nn import functional as F

from lossbook import clinic, diagnose, explain_value

ENTRIES = list(clinic.entries.values())
MESSAGES = [(entry, message) for entry in ENTRIES for message in entry.messages]
NUMBERS = [(entry, number) for entry in ENTRIES for number in entry.numbers]
KNOWN = dict(classes=7, batch=24, margin=0.35)  # nothing that is guessed
TARGET = np.array([1.0, 2.0, 2.0, 9.0])


def ids(cases):
    return [f"{entry.name}-{i}" for i, (entry, _) in enumerate(cases)]


def said(code):
    """Run code and return what was raised, or the warnings as text."""
    import keras
    import sklearn
    import sklearn.linear_model
    import sklearn.metrics
    import sklearn.model_selection

    names = dict(torch=torch, nn=nn, F=F, np=np, keras=keras, sklearn=sklearn)
    torch.manual_seed(0)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            exec(code, names)
        except Exception as error:
            return error
    return "\n".join(f"{warning.category.__name__}: {warning.message}" for warning in heard)


@pytest.mark.parametrize(("entry", "message"), MESSAGES, ids=ids(MESSAGES))
def test_every_message_is_provoked_and_found(entry, message):
    """What the libraries say now is what the page shows, and leads to its entry first."""
    assert sum([bool(message.code), message.old, bool(message.unverified)]) == 1
    heard = said(message.code) if message.code else message.text
    text = f"{type(heard).__name__}: {heard}" if isinstance(heard, Exception) else heard
    assert steady(message.text) in steady(text)
    found = [(suspect.entry.name, suspect.sure) for suspect in diagnose(heard).suspects]
    if message.weak:
        assert entry.name in dict(found)
    else:
        assert found[0] == (entry.name, True)


def steady(text):
    """Return a text without what differs from run to run: the order of a set, an address; and without the module."""
    text = re.sub(r"0x[0-9a-f]+|\{[^}]*\}", "…", clinic.plain(text))
    return re.sub(r"^(?:[\w.]+\.)?_?(?:Array)?(\w+: )", r"\1", text)


@pytest.mark.parametrize(("entry", "message"), MESSAGES, ids=ids(MESSAGES))
def test_other_sizes_and_colours_are_found_too(entry, message):
    def larger(sizes):
        return re.sub(r"(?<=\[)\d+", lambda size: str(int(size[0]) + 16), sizes[0])  # the batch

    text = re.sub(r"\[\d[^\]]*\]", larger, message.text)
    text = 'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n\x1b[31m' + text.replace(
        " ", "\n ", 1
    )
    assert entry.name in [suspect.entry.name for suspect in diagnose(text).suspects]


FRESH = [  # written after the patterns: other shapes, dtypes and class counts
    ("F.huber_loss(torch.zeros(16, 2), torch.zeros(16))", "broadcast"),
    ("F.smooth_l1_loss(torch.zeros(9, 1, dtype=torch.float64), torch.zeros(9))", "broadcast"),
    ("F.cross_entropy(torch.zeros(6, 4), torch.eye(4, dtype=torch.int32)[[0, 1, 2, 3, 0, 1]])", "class-target"),
    ("F.cross_entropy(torch.zeros(6, 4, dtype=torch.float64), torch.zeros(6, dtype=torch.float64))", "class-target"),
    ("F.nll_loss(torch.zeros(5, 10), 3 * torch.arange(5))", "label-range"),
    ("F.cross_entropy(torch.zeros(3, 200), torch.tensor([0, 200, 1]))", "label-range"),
    ("F.cross_entropy(torch.zeros(2, 12, 30), torch.zeros(2, 12, dtype=torch.long))", "class-axis"),
    ("F.cross_entropy(torch.zeros(1, 64, 64, 21), torch.zeros(1, 64, 64, dtype=torch.long))", "class-axis"),
    ("F.binary_cross_entropy(torch.full((7, 3), 1.5), torch.ones(7, 3))", "probability-range"),
    ("F.binary_cross_entropy_with_logits(torch.zeros(9, 1), torch.ones(9, dtype=torch.float64))", "binary-target"),
    ("F.binary_cross_entropy(torch.full((3,), 0.5), torch.ones(3, dtype=torch.int32))", "binary-target"),
    ("F.mse_loss(torch.zeros(2, 3, requires_grad=True), torch.ones(2, 3), reduction='none').backward()", "backward"),
    ("torch.zeros(8, 2, requires_grad=True).argmax(-1).double().sum().backward()", "no-gradient"),
    ("F.ctc_loss(torch.zeros(20, 4, 6), torch.ones(4, 5).int(), [25] * 4, [5] * 4)", "ctc-infinite"),
    ("F.cross_entropy(torch.zeros(3, 6), torch.tensor([0, 1, 2]), weight=torch.ones(4))", "class-weights"),
    ("F.gaussian_nll_loss(torch.zeros(4), torch.zeros(4), -torch.ones(4))", "negative-loss"),
    ("F.kl_div(torch.zeros(3, 4), torch.full((3, 4), 0.25))", "kl-div"),
    ("sklearn.metrics.log_loss([1, 1, 1], [0.9, 0.8, 0.7])", "sklearn-scores"),
    ("sklearn.metrics.mean_squared_log_error([1.0, -2.0], [1.0, 1.0])", "sklearn-scores"),
]


@pytest.mark.parametrize(("code", "name"), FRESH)
def test_failures_that_no_entry_holds_are_found(code, name):
    first = diagnose(said(code)).suspects[0]
    assert (first.entry.name, first.sure) == (name, True)


UNRELATED = [
    "FileNotFoundError: [Errno 2] No such file or directory: 'train.csv'",
    "KeyError: 'label'",
    "ModuleNotFoundError: No module named 'torchvision'",
    "ValueError: could not convert string to float: 'n/a'",
    "IndexError: list index out of range",
    "TypeError: forward() missing 1 required positional argument: 'mask'",
    "RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x3 and 5x2)",
    "RuntimeError: Given groups=1, weight of size [8, 3, 3, 3], expected input[1, 1, 28, 28] to have 3 channels",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 10 GiB",
    "AttributeError: 'NoneType' object has no attribute 'shape'",
    'RuntimeError: Error(s) in loading state_dict for Net: Missing key(s) in state_dict: "fc.weight".',
    "ValueError: Found array with 0 sample(s) (shape=(0, 4)) while a minimum of 1 is required.",
    "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    "NotFittedError: This LogisticRegression instance is not fitted yet.",
    "ZeroDivisionError: division by zero",
]


@pytest.mark.parametrize("text", [*UNRELATED, "", " ", "loss", "hello", "3.14159e", "(((", "\x00", "0x10"])
def test_unrelated_texts_have_no_sure_answer(text):
    assert not [suspect for suspect in diagnose(text).suspects if suspect.sure]


def test_nothing_known_says_so_and_what_to_do_first():
    answer = diagnose(KeyError("label"))
    assert answer.suspects == ()
    for shown in (str(answer), answer._repr_html_()):
        assert "Nothing is known about" in shown
        assert all(check in shown for check in clinic.FIRST)


def test_the_last_error_of_a_chain_stands_first():
    first, last = (next(m.text for m in clinic.entries[name].messages) for name in ("label-range", "broadcast"))
    found = diagnose(f"{first}\nDuring handling of the above exception, another exception occurred:\n{last}").suspects
    assert [suspect.entry.name for suspect in found][:2] == ["broadcast", "label-range"]
    raised = RuntimeError("training failed")
    raised.__cause__ = said("F.cross_entropy(torch.zeros(1, 2), torch.tensor([2]))")
    assert diagnose(raised).suspects[0].entry.name == "label-range"


def around(text, given):
    """Return a value for which the text of a number holds."""
    relation, expression = re.match("([<>]?)(.*)", text).groups()
    there = eval(expression, clinic.NAMES | given)
    return there + {"<": -0.7, ">": 0.7, "": 0}[relation]


@pytest.mark.parametrize(("entry", "number"), NUMBERS, ids=ids(NUMBERS))
def test_every_number_is_found(entry, number):
    shares = np.unique(TARGET, return_counts=True)[1] / len(TARGET)
    targets = dict(variance=TARGET.var(), deviation=1.75 + 0.25, entropy=-(shares @ np.log(shares)))
    value = around(number.value, KNOWN | targets)
    for asked in (value, torch.tensor(value, dtype=torch.float64), str(value), f"{value:.4g}"):
        found = {s.entry.name: s.sure for s in explain_value(asked, **KNOWN, target=TARGET).suspects}
        assert found.get(entry.name) is True


def test_what_was_not_given_is_only_possible():
    sure = {s.entry.name for s in explain_value(math.log(10), classes=10).suspects if s.sure}
    guessed = explain_value(math.log(10)).suspects
    assert "plateau" in sure
    assert "plateau" in {s.entry.name for s in guessed if not s.sure}
    assert not [s for s in explain_value(math.log(10), classes=9, batch=3).suspects if "log(classes)" in s.because]


def test_few_digits_are_only_possible():
    assert not [s for s in explain_value("0.7").suspects if s.sure]
    assert [s for s in explain_value("0.693").suspects if s.sure]


def test_a_number_in_a_short_text_is_explained():
    assert diagnose("loss stuck at 0.6931").suspects[0].entry == explain_value("0.6931").suspects[0].entry
    assert diagnose("0.6931").suspects == explain_value("0.6931").suspects


ODD = st.one_of(
    st.text(),
    st.binary(),
    st.none(),
    st.integers(),
    st.floats(),
    st.lists(st.floats(), max_size=3),
    st.complex_numbers(),
)


@settings(deadline=None)
@given(ODD, ODD, ODD)
def test_odd_input_is_no_error(value, known, target):
    for answer in (diagnose(value), explain_value(value, classes=known, batch=known, margin=known, target=target)):
        assert isinstance(answer, clinic.Answer)
        assert str(answer)
        assert answer._repr_html_()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_entry_has_its_section(entry):
    """Its page has a heading of the same words and name, and its card below."""
    cells = read_cells(BOOK / f"8-faq/{entry.page}.ipynb")
    title = f"(clinic-{entry.name})=\n## {entry.title}\n"
    places = [i for i, cell in enumerate(cells) if title in "".join(cell["source"]) + "\n"]
    assert len(places) == 1
    assert f'entries["{entry.name}"]' in "".join(cells[places[0] + 1]["source"])
    (data,) = [output["data"] for output in cells[places[0] + 1]["outputs"]]
    assert "".join(data["text/markdown"]) == entry._repr_markdown_()
    ast.parse(entry.line)
    assert set(entry.curve.split()) <= {"flat", "floor", "rises", "jumps", "negative", "nan", "zero", "memory"}


def test_pages_are_in_order_and_have_their_titles():
    assert list(dict.fromkeys(entry.page for entry in ENTRIES)) == list(clinic.PAGES)
    for page, title in clinic.PAGES.items():
        (heading,) = [
            line
            for cell in read_cells(BOOK / f"8-faq/{page}.ipynb")
            if cell["cell_type"] == "markdown"
            for line in "".join(cell["source"]).splitlines()
            if line.startswith("# ")
        ]
        assert heading == f"# Clinic: {title[0].lower()}{title[1:]}"
