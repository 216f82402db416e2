"""The clinic's search box: by keyboard, from a file, with a link, and without its script."""

import random

import pytest
from built import SITE

from lossbook import clinic, diagnose, explain_value

PAGE = "book/8-faq/clinic.html"
BOX = "An error message, a traceback, a number or a few words"


@pytest.fixture
def page(site, open_page):
    return open_page(f"{site}/{PAGE}")


def found(page):
    return page.locator(".clinic-found details").evaluate_all("items => items.map(item => item.id)")


def names(answer):
    return [(suspect.entry.name, suspect.sure) for suspect in answer.suspects]


def test_it_says_what_python_says(page):
    """On every message and every number, with and without what is known of a run."""
    texts = [message.text for entry in clinic.entries.values() for message in entry.messages]
    texts += [" ".join(texts[:3]), "loss stuck at 0.6931", "\x1b[31m" + texts[0], "KeyError: 'label'"]
    search = "([text, given]) => clinicSearch(text, given).map(({ name, sure }) => [name, sure])"
    for text in texts:
        there = [tuple(one) for one in page.evaluate(search, [text, {}])]
        assert (there if there and there[0][1] else there[: len(diagnose(text).suspects)]) == names(diagnose(text))
    rng = random.Random(0)
    values = ["0.6931", "0.69", "2.303", "1.4612", "-3", "nan", "inf", "100", "0", "16.118", "5.545", "0.5", "1e-9"]
    values += [f"{rng.uniform(0, 12):.4g}" for _ in range(40)]
    for given in ({}, dict(classes=10), dict(classes=1000, batch=256), dict(margin=0.5)):
        for value in values:
            there = [tuple(one) for one in page.evaluate(search, [value, given])]
            assert there == names(explain_value(value, **given))


def test_by_keyboard(page):
    box = page.get_by_label(BOX)
    box.focus()
    page.keyboard.insert_text("IndexError: Target 7 is out of bounds.")
    assert found(page)[0] == "label-range"
    first = page.locator("details#label-range")
    assert first.get_attribute("open") is not None
    assert first.locator(".because").inner_text() == "Because the text says: Target 7 is out of bounds"
    assert "1 of them for sure" in page.locator(".clinic [role=status]").inner_text()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    assert first.get_attribute("open") is None
    box.fill("")
    assert found(page) == []
    assert page.locator(".clinic > form ~ div > details").count() == len(clinic.entries)


def test_numbers_with_what_is_known(page):
    page.get_by_label(BOX).fill("1.4612")
    assert page.locator("details#double-softmax .because").inner_text().startswith("Possible")
    page.get_by_label("classes").fill("10")
    assert found(page)[0] == "double-softmax"
    assert page.locator("details#double-softmax .because").inner_text().startswith("Because")


def test_words_find_what_mentions_them(page):
    page.get_by_label(BOX).fill("label smoothing")
    assert "label-smoothing" in found(page)
    page.get_by_label(BOX).fill("qwertz uiop")
    assert found(page) == []
    assert "Nothing is known" in page.locator(".clinic [role=status]").inner_text()


def test_a_link_carries_the_question_even_from_a_file(browser):
    page = browser.new_page()
    page.goto((SITE / PAGE).as_uri())
    page.get_by_label(BOX).fill("stuck at 1.4612 & more")
    page.get_by_label("classes").fill("10")
    page.get_by_role("link", name="Link to this question").click()
    other = browser.new_page()
    other.goto(page.url)
    assert other.get_by_label(BOX).input_value() == "stuck at 1.4612 & more"
    assert other.get_by_label("classes").input_value() == "10"
    assert found(other)[0] == "double-softmax"
    other.goto((SITE / PAGE).as_uri() + "#kl-div")
    assert other.locator("details#kl-div").get_attribute("open") is not None
    page.close()
    other.close()


def test_all_is_there_without_script(browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 900})
    page = context.new_page()
    page.goto((SITE / PAGE).as_uri())
    assert page.locator(".clinic details").count() == len(clinic.entries)
    assert page.locator(".clinic textarea").count() == 0
    page.locator("details#kl-div summary").click()
    assert page.locator("details#kl-div a").is_visible()
    assert page.locator("body").bounding_box()["width"] <= 360
    context.close()


def test_its_weight():
    """Of its own: the entries, the patterns, the script and the style."""
    text = (SITE / PAGE).read_text("utf8")
    own = text[text.index('<div class="clinic">') : text.index('<section id="nothing-fits">')]
    files = sum((SITE / f"_static/{name}").stat().st_size for name in ("clinic.js", "clinic.css"))
    assert len(own.encode()) + files < 60_000
