"""Every link inside the book leads to a page, and to a place on it."""

from functools import cache
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from built import SITE


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes.get("id"), attributes.get("name")}
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]


read = cache(Page)


def broken(path, link):
    """Why a link of the page ``path`` leads nowhere, or None."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return f"{link}: no such file"
    fragment = unquote(parts.fragment)
    if fragment and target.suffix == ".html" and fragment not in read(target).anchors:
        return f"{link}: no such place"
    return None


def test_links_lead_somewhere(site, path):
    page = SITE / path
    assert [why for link in read(page).links if (why := broken(page, link))] == []


def test_a_broken_link_is_found(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p id='here'><a href='#here'>1</a> <a href='#there'>2</a> <a href='gone.html#x'>3</a>")
    found = [broken(page, link) for link in read(page).links]
    assert found == [None, "#there: no such place", "gone.html#x: no such file"]
