"""Formulas, set while the book is built: KaTeX runs in Python, pages need no script to show them."""

import html
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

KATEX = Path(__file__).parent.parent / "katex"
NUMBERED = r"(equation|align|alignat|gather)\*?"

logger = logging.getLogger(__name__)


@cache
def engine():
    racer = MiniRacer()
    racer.eval((KATEX / "katex.min.js").read_text("utf-8"))
    return racer


@cache
def render(tex, display):
    """HTML for the eye and MathML for screen readers; ValueError where KaTeX cannot read the formula."""
    try:
        return engine().call("katex.renderToString", tex, {"displayMode": display, "strict": False})
    except JSEvalException as error:
        found = re.search(r"ParseError: (.*)", str(error))
        raise ValueError(found[1] if found else str(error)) from None


def display_tex(tex, whole_environment):
    r"""A display formula in the form KaTeX takes: without label or number, which are Sphinx's.

    Sphinx lets a formula without an environment hold ``&``, ``\\`` and blank lines between equations.
    """
    tex = re.sub(r"\\label\{[^}]*\}", "", tex.strip())
    if whole_environment or re.match(rf"\\begin\{{{NUMBERED}\}}", tex):
        return re.sub(rf"\\(begin|end)\{{{NUMBERED}\}}", r"\\\1{\2*}", tex)
    equations = [f"\\begin{{split}}{e}\\end{{split}}" if r"\\" in e else e for e in re.split(r"\n\s*\n", tex)]
    if len(equations) == 1:
        return equations[0]
    return r"\begin{gathered}" + r"\\".join(equations) + r"\end{gathered}"


def write(translator, node, tex, display):
    try:
        translator.body.append(render(tex, display))
    except ValueError as error:
        logger.warning("formula: %s", error, location=node, type="lossbook", subtype="formula")
        translator.body.append(f"<code>{html.escape(tex)}</code>")


def visit_inline(translator, node):
    translator.body.append(translator.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    write(translator, node, node.astext(), display=False)
    translator.body.append("</span>")
    raise nodes.SkipNode


def visit_display(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    write(translator, node, display_tex(node.astext(), node["nowrap"]), display=True)
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def add_files(app, config):
    config.html_static_path.append(str(KATEX / "static"))


def setup(app):
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.connect("config-inited", add_files)
    app.add_css_file("katex/katex.min.css")
    app.add_js_file("katex/copy-tex.min.js", loading_method="defer")  # copying a formula gives its LaTeX
