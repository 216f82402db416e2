"""What must hold on every built page, asked of a real browser."""

import io

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from built import SITE
from PIL import Image

# Elements that axe leaves out, each with the reason. Rules are never switched off.
EXCLUDED = {}

PHONE = 360


def unfold(page):
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    page.wait_for_timeout(50)  # until the page has noticed


def violations(page):
    context = {"exclude": [[selector] for selector in EXCLUDED]} if EXCLUDED else None
    options = {"resultTypes": ["violations"]}  # quicker: no list of what passed
    found = Axe().run(page, context=context, options=options).response["violations"]
    return [f"{violation['id']}: {node['html'][:200]}" for violation in found for node in violation["nodes"]]


def unset_formulas(page):
    """LaTeX that stands in the text as it was typed."""
    return page.evaluate(r"""() => {
        const text = document.querySelector("main").cloneNode(true);
        text.querySelectorAll(".math, pre, code, script").forEach(element => element.remove());
        return text.textContent.match(/\\[([]|\$[^$\n]+\$/g) ?? [];
    }""")


def unreachable_scrollers(page):
    """What scrolls sideways and cannot be focused, so not be scrolled by keyboard."""
    return page.evaluate("""() => [...document.querySelectorAll("main *")].filter(element =>
        ["auto", "scroll"].includes(getComputedStyle(element).overflowX)
        && element.scrollWidth > element.clientWidth && element.checkVisibility()
        && element.tabIndex < 0 && !element.querySelector("a, button, [tabindex='0']")
    ).map(element => element.outerHTML.slice(0, 200))""")


def test_loads_without_complaint_and_says_everything(site, open_page, path):
    page = open_page(f"{site}/{path}")
    assert page.complaints == []
    assert page.locator("meta[name=description]").count() == 1
    assert page.locator("html[lang=en]").count() == 1
    assert page.locator("img:not([alt]), .bd-article img[alt='']").count() == 0
    assert page.locator(".katex-error").count() == 0
    assert page.locator(".math math").count() == page.locator(".math").count(), "a formula without MathML"
    assert unset_formulas(page) == []


def test_opens_from_a_file(open_page, path):
    assert open_page((SITE / path).as_uri()).complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(site, open_page, path, theme):
    page = open_page(f"{site}/{path}", theme=theme)
    unfold(page)
    assert violations(page) == []


def test_only_what_can_be_reached_scrolls_sideways_on_a_phone(site, open_page, path):
    page = open_page(f"{site}/{path}", width=PHONE)
    unfold(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE
    assert unreachable_scrollers(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_follow_the_theme_against_the_system(site, open_page, path, theme):
    page = open_page(f"{site}/{path}", theme=theme, system="light" if theme == "dark" else "dark")
    for figure in page.locator(".bd-article img[src$='.svg']:visible").all():
        grey = np.asarray(Image.open(io.BytesIO(figure.screenshot())).convert("L"))
        ground, ink = np.median(grey[:, :4]), (grey > 170, grey < 85)[theme == "light"]
        assert (ground < 60) == (theme == "dark"), "the ground is not the page's"
        assert ink.mean() > 0.003, f"little of {figure.get_attribute('alt')!r} can be seen"
        assert ink.mean() < 0.5, f"a panel behind {figure.get_attribute('alt')!r}"


def test_the_root_leads_to_the_first_page(site, open_page):
    page = open_page(f"{site}/index.html")
    page.wait_for_url("**/book/index.html")
    assert page.locator("h1:visible").count() == 1


def test_search_finds_the_word_loss(site, open_page):
    page = open_page(f"{site}/search.html?q=loss")
    page.wait_for_selector("#search-results li a")
    assert page.complaints == []


def test_the_checks_see_faults(open_page, tmp_path):
    """A page with one fault of each kind."""
    path = tmp_path / "page.html"
    path.write_text(
        "<html lang=en><meta charset=utf-8><title>t</title><main><h1>t</h1>"
        "<p style='color: #ccc; background: #fff'>pale $x$</p>"
        "<img src='gone.png'><script src='http://127.0.0.2:9/x.js'></script><script>throw 1</script>"
        "<div style='overflow-x: auto'><div style='width: 9999px'>wide</div></div>"
    )
    page = open_page(path.as_uri())
    complaints = {what.split(":")[0] for what in page.complaints}
    assert complaints >= {"asked a third party", "failed", "script error"}
    assert {what.split(":")[0] for what in violations(page)} >= {"color-contrast", "image-alt"}
    assert unset_formulas(page) == ["$x$"]
    assert len(unreachable_scrollers(page)) == 1
