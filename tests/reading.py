"""What the pages of the book say: their prose, code, outputs, figures and exercises."""

import json
import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path

BOOK = Path(__file__).parents[1] / "book"
IMAGES = {"image/svg+xml", "image/png", "image/jpeg"}

# A minus is a sign where nothing stands before it from which it could take away.
SIGN = r"(?:(?<![\w)\]}.])[-\u2212])?"
EXPONENT = r"(?:[eE]([-+]?\d+)|\s*\\(?:times|cdot)\s*10\^\{?([-\u2212]?\d+)\}?)?"
# Not part of a name, a longer number, a date or a version such as 1.4.0.
NUMBER = re.compile(rf"({SIGN})(?<![\w.])(\d+(?:,\d{{3}})*(?:\.\d+)?|\.\d+)(?![\d]*\.\d){EXPONENT}")

# Numbers that count or name something: the word before the number says so.
PROGRAMS = "Python|NumPy|PyTorch|Keras|scikit-learn|matplotlib|Jupyter Book|CC BY|version"
PLACES = "[Cc]hapter|[Ss]ection|[Ff]igure|[Tt]able|[Ee]quation|[Tt]heorem"
NAMED = re.compile(rf"(?:(?:{PROGRAMS})\s*(?:≥|>=|==)?\s*|(?:{PLACES})\s|^#+ |arXiv:)$")
LINK_TARGET = re.compile(r"\]\([^)\s]*\)|<https?://[^>]*>|https?://\S+")


def notebooks():
    return sorted(path for path in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def pages():
    return sorted(path for path in BOOK.rglob("*.md") if not {"_ext", "_static"} & set(path.parts))


def read_cells(path):
    """The cells of a notebook, sources as one string; a Markdown page is one cell."""
    if path.suffix == ".md":
        return [{"cell_type": "markdown", "metadata": {}, "source": path.read_text("utf-8")}]
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in cells]


def code_cells(cells):
    return [cell for cell in cells if cell["cell_type"] == "code" and cell["source"].strip()]


def tags(cell):
    return set(cell["metadata"].get("tags", []))


def figure(cell):
    """Alt text, caption and name of the cell's figure."""
    options = cell["metadata"].get("mystnb", {})
    named = options.get("figure", {})
    return options.get("image", {}).get("alt", ""), named.get("caption", ""), named.get("name", "")


def images(cell):
    """Kinds of the images among a cell's outputs."""
    return [kind for output in cell["outputs"] for kind in output.get("data", {}) if kind in IMAGES]


def output_text(output):
    """What a reader can read of an output; not the coordinates of a figure."""
    if output["output_type"] == "stream":
        return "".join(output["text"])
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    shown = {kind: "".join(data) for kind, data in output["data"].items() if kind.startswith("text/")}
    if "text/html" in shown:
        shown["text/html"] = re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", shown["text/html"], flags=re.S)
    return "\n".join(shown.values())


def evidence(cells):
    """The code and outputs of a notebook as one text."""
    parts = []
    for cell in code_cells(cells):
        parts += [cell["source"], *map(output_text, cell["outputs"])]
    return "\n".join(parts)


def prose(cells):
    """The text of a notebook: its Markdown, alt texts and captions."""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            yield cell["source"]
        elif cell["cell_type"] == "code":
            yield from (text for text in figure(cell)[:2] if text)


def sentences(markdown):
    """Sentences; a row of a table, a heading and an item of a list begin a new one."""
    for block in re.split(r"\n\s*\n|\n(?=[|#]|\s*[-*+] |\s*\d+\. )", LINK_TARGET.sub("]", markdown)):
        yield from re.split(r"(?<=[.!?:])\s+(?=[A-Z*`$\[])", block.strip())


def numbers(text):
    """(match, value) of each number; the value has the digits that stand there."""
    for match in NUMBER.finditer(text):
        sign, digits, *exponents = match.groups()
        exponent = next(filter(None, exponents), "0").replace("\u2212", "-")
        value = Decimal(digits.replace(",", "")).scaleb(int(exponent))
        yield match, (-value if sign else value)


def claims(markdown):
    """(text, value, sentence) of each decimal number that a page states on its own account."""
    for sentence in sentences(markdown):
        if "{cite" in sentence:  # from the literature
            continue
        for match, value in numbers(sentence):
            before, after = sentence[: match.start(2)], sentence[match.end() :]
            if "." not in match[2] or NAMED.search(before):
                continue
            yield match[0] + ("%" if re.match(r"\s*\\?%", after) else ""), value, sentence


def shows(claim, value, known):
    """Does one of the known numbers read like this when it is rounded to as many digits?"""
    candidates = [value]
    if claim.endswith("%"):
        candidates.append(value.scaleb(-2))
    for candidate in candidates:
        digits = Decimal(1).scaleb(candidate.as_tuple().exponent)
        for number in known:
            if number.adjusted() > 15:  # more digits than anybody rounds
                continue
            number = number if candidate < 0 else abs(number)  # "falls by 0.2" where the output is -0.2
            if candidate in {number.quantize(digits, rounding) for rounding in (ROUND_HALF_EVEN, ROUND_HALF_UP)}:
                return True
    return False


def directives(cells, name):
    """(argument, options) of each Markdown directive with this name."""
    found = []
    for cell in cells:
        if cell["cell_type"] == "markdown":
            pattern = rf"^[`:]{{3,}}\{{{name}\}}[ \t]*(.*)\n((?:[ \t]*:[\w-]+:.*\n?)*)"
            for argument, options in re.findall(pattern, cell["source"] + "\n", re.M):
                found.append((argument.strip(), dict(re.findall(r":([\w-]+):\s*(\S*)", options))))
    return found
