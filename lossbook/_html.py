"""Tables as a notebook shows them."""

import re
from html import escape


def marked(text):
    """Escape a text; what stands between backticks becomes code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def table(rows, *, head=(), caption=""):
    """Return a table of texts; the first of a row names it."""
    parts = [f"<caption>{marked(caption)}</caption>" * bool(caption)]
    if head:
        cells = "".join(f'<th scope="col">{marked(name)}</th>' for name in head)
        parts.append(f"<thead><tr>{cells}</tr></thead>")
    body = ""
    for name, *cells in rows:
        cells = "".join(f"<td>{marked(cell)}</td>" for cell in cells)
        body += f'<tr><th scope="row">{marked(name)}</th>{cells}</tr>'
    return f"<table>{''.join(parts)}<tbody>{body}</tbody></table>"
