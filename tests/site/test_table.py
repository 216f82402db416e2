"""The table of the atlas sorts and filters, by keyboard too, and is a plain table without its script."""

import pytest
from built import SITE

from lossbook import catalogue

ATLAS = "book/reference/atlas.html"
NAMES = "table.atlas tbody tr:visible th"


def names(page):
    return page.locator(NAMES).all_inner_texts()


@pytest.fixture
def page(site, open_page):
    return open_page(f"{site}/{ATLAS}")


def test_headers_sort_by_keyboard(page):
    head = page.get_by_role("columnheader", name="Least value")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert set(names(page)[:2]) == {"poisson_nll", "gaussian_nll"}
    assert names(page)[2] == "beta_nll"
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert set(names(page)[-2:]) == {"poisson_nll", "gaussian_nll"}
    assert page.locator("[aria-sort]").count() == 1


@pytest.mark.parametrize("column", ["Gradient at most", "At chance"])
def test_what_has_no_value_comes_last_either_way(page, column):
    for _ in range(2):
        page.get_by_role("button", name=column).click()
        index = page.locator("table.atlas thead th").all_inner_texts()
        index = next(i for i, words in enumerate(index) if words.startswith(column))
        absent = page.evaluate(
            "i => [...document.querySelectorAll('table.atlas tbody tr')].map(row => !row.cells[i].dataset.value)", index
        )
        assert absent == sorted(absent)
        assert any(absent)


def test_rows_are_filtered_and_counted(page):
    status = page.locator(".atlas-tools [role=status]")
    assert status.inner_text() == f"{len(catalogue)} of {len(catalogue)} losses"
    page.get_by_label("Filter rows").fill("P(class) imbalance")
    assert status.inner_text().startswith("0 of")
    page.get_by_label("Filter rows").fill("Focal")
    assert names(page) == ["binary_focal", "focal"]
    page.get_by_label("Filter rows").fill("")
    page.get_by_label("Task").select_option("ranking")
    assert names(page) == [name for name, loss in catalogue.items() if loss.facts["task"] == "ranking"]
    assert status.inner_text().startswith("4 of")


def test_the_first_column_stays_in_view_on_a_phone(site, open_page):
    page = open_page(f"{site}/{ATLAS}", width=360)
    page.locator(".atlas-scroll").evaluate("element => element.scrollBy(2000, 0)")
    first, last = (page.locator(f"table.atlas tbody tr:first-child > :{end}-child") for end in ("first", "last"))
    page.locator(".atlas-scroll").scroll_into_view_if_needed()
    assert 0 <= first.bounding_box()["x"] < 60
    assert last.bounding_box()["x"] + last.bounding_box()["width"] <= 360


def test_a_plain_table_without_script(browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 900})
    page = context.new_page()
    page.goto((SITE / ATLAS).as_uri())
    assert names(page) == list(catalogue)
    assert page.locator("table.atlas button, .atlas-tools").count() == 0
    assert page.locator("body").bounding_box()["width"] <= 360
    context.close()
