"""Admonitions and solutions of class ``dropdown`` as ``<details>``: they fold without a script."""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class folded(nodes.General, nodes.Element):
    """A title, then what it hides."""


def visit_folded(translator, node):
    translator.body.append(translator.starttag(node, "details", **({"open": "open"} if node["open"] else {})))


def depart_folded(translator, node):
    translator.body.append("</details>\n")


class folded_title(nodes.General, nodes.TextElement):
    pass


def visit_folded_title(translator, node):
    translator.body.append(translator.starttag(node, "summary", "", CLASS="admonition-title"))


def depart_folded_title(translator, node):
    translator.body.append("</summary>\n")


class Fold(SphinxPostTransform):
    default_priority = 300  # titles of solutions are resolved by then
    formats = ("html",)

    def run(self, **kwargs):
        for node in list(self.document.findall(nodes.Admonition)):
            if "dropdown" not in node["classes"] or not isinstance(node[0], nodes.title):
                continue
            title, *content = node.children
            for link in list(title.findall(nodes.reference)):  # a link inside a button can be neither
                link.replace_self(link.children)
            summary = folded_title("", "", *title.children)
            fold = folded("", summary, *content, open="toggle-shown" in node["classes"])
            fold.update_basic_atts(node)
            fold["classes"] = ["admonition", *(c for c in node["classes"] if c != "admonition")]
            node.replace_self(fold)


def setup(app):
    app.add_node(folded, html=(visit_folded, depart_folded))
    app.add_node(folded_title, html=(visit_folded_title, depart_folded_title))
    app.add_post_transform(Fold)
