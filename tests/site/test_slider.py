"""Figures with a slider: by keyboard, by touch, and still without a script."""

import pytest
from built import SITE

PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.glob("book/*/*.html")
    if '<div class="slider"' in path.read_text("utf8")
)
DRAGGED = "book/1-core-concepts/what-a-loss-estimates.html"


def test_there_are_such_figures():
    assert len(PAGES) >= 4
    assert DRAGGED in PAGES


@pytest.mark.parametrize("moving", PAGES)
def test_each_position_shows_one_drawing_and_says_it(site, open_page, moving):
    page = open_page(f"{site}/{moving}", width=360)
    for figure in page.locator(".slider").all():
        slider, told, frames = figure.get_by_role("slider"), figure.locator(".slider-says"), figure.locator(".frame")
        says = figure.locator("ul li").all_text_contents()
        start = int(figure.get_attribute("data-start"))
        assert told.inner_text() == says[start]
        slider.focus()
        page.keyboard.press("End")
        assert told.inner_text() == says[-1]
        page.keyboard.press("Home")
        assert told.inner_text() == says[0]
        page.keyboard.press("ArrowRight")
        assert told.inner_text() == says[1]
        assert [frames.nth(i).is_visible() for i in range(3)] == [False, True, False]
        assert slider.get_attribute("aria-valuetext") == figure.locator("output").inner_text()
        assert figure.bounding_box()["width"] <= 360
    assert page.complaints == []


def test_a_place_on_the_axis_can_be_dragged(site, open_page):
    page = open_page(f"{site}/{DRAGGED}")
    figure = page.locator(".slider[data-drag]").first
    figure.scroll_into_view_if_needed()
    box = figure.locator("> svg").bounding_box()
    scale = box["width"] / float(figure.locator("> svg").get_attribute("viewBox").split()[2])
    places = [float(place) for place in figure.get_attribute("data-drag").split()]
    values = figure.get_attribute("data-values").split()
    page.mouse.move(box["x"] + places[3] * scale, box["y"] + 50)
    page.mouse.down()
    assert figure.locator("output").inner_text() == values[3]
    page.mouse.move(box["x"] + places[-2] * scale, box["y"] + 50)
    page.mouse.up()
    assert figure.locator("output").inner_text() == values[-2]


def test_a_still_picture_without_script(browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((SITE / DRAGGED).as_uri())
    figure = page.locator(".slider").first
    assert figure.locator("input").count() == 0
    assert sum(frame.is_visible() for frame in figure.locator(".frame").all()) == 1
    assert figure.locator(".slider-says").is_visible()
    context.close()
