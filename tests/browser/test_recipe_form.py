"""The form of a recipe: a budget that is drawn, the same as JSON, and what lies ahead told beside what is chosen."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NARROW

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(900)]
REAL = 32
"""Training images of each of the classes bar, cross and dot."""


@pytest.fixture
def form(member: Page, run_path: str) -> Page:
    """The form, filled with the recipe of the finished run: 4 images per class, of 12 candidates each."""
    member.goto(run_path)
    member.get_by_role("link", name="Run again, changed").click()
    expect(bar(member, "bar")).to_have_attribute("aria-valuenow", "4")
    return member


def bar(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def asked(page: Page) -> list[int]:
    """Synthetic images of each class, as assistive technology is told."""
    return [int(one.get_attribute("aria-valuenow") or -1) for one in page.get_by_role("slider").all()]


def show_json(page: Page) -> Locator:
    page.get_by_text("JSON", exact=True).click()
    return page.get_by_role("textbox", name="The recipe as JSON")


def show_form(page: Page) -> None:
    page.get_by_text("Form", exact=True).click()


def recipe(page: Page) -> Any:
    """What the JSON says."""
    found = json.loads(show_json(page).input_value())
    show_form(page)
    return found


def drag(page: Page, name: str, by: float, release: bool = True) -> None:
    """The end of a bar, so many pixels to the right."""
    grip = bar(page, name)
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=5)
    if release:
        page.mouse.up()


# --- the budget -------------------------------------------------------------------------------------------------
def test_a_bar_that_is_dragged_asks_for_as_many_as_it_shows(form: Page) -> None:
    drag(form, "cross", 60)
    bars = asked(form)
    assert bars[0] == bars[2] == 4 < bars[1]
    expect(bar(form, "cross")).to_have_attribute(
        "aria-valuetext", f"{bars[1]} synthetic images beside {REAL} real ones"
    )
    expect(form.get_by_role("textbox", name="Synthetic images of cross")).to_have_value(str(bars[1]))
    expect(form.get_by_text(f"{8 + bars[1]} synthetic images, chosen from")).to_be_visible()
    assert recipe(form)["budget"] == {"kind": "counts", "counts": dict(zip(("bar", "cross", "dot"), bars, strict=True))}
    drag(form, "cross", -1000)
    assert asked(form) == [4, 0, 4]


def test_a_drag_that_becomes_a_scroll_changes_nothing(form: Page) -> None:
    drag(form, "dot", 50, release=False)
    assert asked(form)[2] > 4
    bar(form, "dot").locator("..").dispatch_event("pointercancel", {"pointerId": 1})
    assert asked(form) == [4, 4, 4]
    form.mouse.up()
    assert asked(form) == [4, 4, 4]


def test_keys_move_a_bar_and_its_number_can_be_typed(form: Page) -> None:
    grip = bar(form, "dot")
    grip.focus()
    for keys, expected in (("ArrowRight", 5), ("ArrowDown", 4), ("PageUp", 14), ("PageDown", 4), ("Home", 0)):
        form.keyboard.press(keys)
        expect(grip).to_have_attribute("aria-valuenow", str(expected))
    most = int(grip.get_attribute("aria-valuemax") or 0)
    form.keyboard.press("End")
    expect(grip).to_have_attribute("aria-valuenow", str(most))
    form.get_by_role("textbox", name="Synthetic images of bar").fill("1,250")
    assert asked(form) == [1250, 4, most]


def test_the_acts_say_the_budget_in_the_words_that_fit(form: Page) -> None:
    form.get_by_role("button", name="×2").click()
    assert recipe(form)["budget"] == {"kind": "per_class", "count": 8}
    form.get_by_text("Fill to a number", exact=True).click()
    form.get_by_role("textbox", name="Images per class, real and synthetic").fill("50")
    assert asked(form) == [50 - REAL] * 3
    assert recipe(form)["budget"] == {"kind": "fill_to", "count": 50}
    form.get_by_role("button", name="Clear").click()
    assert asked(form) == [0, 0, 0]
    expect(form.get_by_role("alert").filter(has_text="asks for")).to_be_visible()
    expect(form.get_by_role("button", name="Start the run")).to_be_disabled()


# --- JSON -------------------------------------------------------------------------------------------------------
def test_what_is_written_as_json_stands_in_the_form_and_comes_back_as_it_was_typed(form: Page) -> None:
    area = show_json(form)
    typed = area.input_value().replace('"count": 4', '"count":   7').replace('"seed": 0', '"seed": 5')
    area.fill(typed)
    show_form(form)
    assert asked(form) == [7, 7, 7]
    expect(form.get_by_role("textbox", name="Seed")).to_have_value("5")
    assert show_json(form).input_value() == typed
    show_form(form)
    form.get_by_role("textbox", name="Seed").fill("6")
    assert json.loads(show_json(form).input_value()) == {**json.loads(typed), "seed": 6}


def test_a_fault_in_the_json_is_said_at_its_line_and_keeps_what_was_typed(form: Page) -> None:
    area = show_json(form)
    good = area.input_value()
    line = 1 + good[: good.index('"pool_factor"')].count("\n")
    area.fill(good.replace('"pool_factor"', "pool_factor"))
    expect(form.get_by_text(f"Line {line}: Found pool_factor, which is no JSON")).to_be_visible()
    expect(form.get_by_role("radio", name="Form")).to_be_disabled()
    expect(form.get_by_role("button", name="Start the run")).to_be_disabled()
    form.get_by_role("button", name=f"Line {line}").click()
    assert area.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)").startswith("  pool_factor")
    form.get_by_role("button", name="Back to the last readable one").click()
    assert json.loads(area.input_value()) == json.loads(good)
    expect(form.get_by_role("button", name="Start the run")).to_be_enabled()


def test_what_the_service_refuses_stands_at_its_line_too(form: Page) -> None:
    area = show_json(form)
    text = area.input_value().replace('"model_settings": {', '"model_settings": {\n    "widht": 8,')
    area.fill(text)
    line = 1 + text[: text.index('"widht"')].count("\n")
    expect(form.get_by_text(re.compile(f"Line {line}: There is no setting 'widht'"))).to_be_visible()
    expect(form.get_by_text("1 thing to put right first")).to_be_visible()
    expect(form.get_by_role("radio", name="Form")).to_be_enabled()


# --- faults, and what lies ahead --------------------------------------------------------------------------------
def test_a_fault_stands_at_its_field_and_the_cursor_stays_there(form: Page) -> None:
    form.get_by_role("textbox", name="Pool factor").fill("0")
    field = form.get_by_role("textbox", name="Pool factor")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("3")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    form.get_by_role("button", name="more settings").first.click()
    folded = form.get_by_role("textbox", name="Width")
    folded.fill("99999")
    expect(form.get_by_text("to put right first")).to_be_visible()
    folded.fill("4")
    expect(form.get_by_text("to put right first")).to_be_hidden()
    expect(folded).to_be_focused()


def test_each_card_says_what_it_would_take_and_keep_here(form: Page) -> None:
    def card(title: str) -> Locator:
        return form.locator("[data-disabled]").filter(has=form.get_by_role("radio", name=title, exact=True))

    chosen = form.get_by_role("region", name="About DCGAN")
    expect(chosen).to_contain_text(re.compile("It takes about .* As measured on .* of dcgan at 16 pixels"))
    expect(card("DCGAN")).to_contain_text(re.compile(r"About \d+ s"))
    expect(card("InfoGAN").get_by_text("Time not known yet", exact=True)).to_be_visible()
    expect(card("InfoGAN")).to_contain_text("How long it takes is not known yet: no run of infogan")
    expect(card("Random").get_by_text("Keeps 12 of 36", exact=True)).to_be_visible()
    expect(card("Random")).to_contain_text("12 of 36 candidates. It always keeps as many as are asked for.")
    estimate = form.get_by_role("button", name="Estimate the memory of GAN", exact=True)
    expect(estimate).to_be_hidden()
    card("GAN").get_by_text("Details").click()
    estimate.click()
    expect(estimate).to_be_hidden(timeout=60_000)
    expect(card("GAN")).to_contain_text(re.compile(r"Memory\d+.* of .* free"))


def test_what_is_known_of_the_chosen_one_stands_below_the_cards(form: Page) -> None:
    form.get_by_role("radio", name="Random").check()
    about = form.get_by_role("region", name="About Random")
    expect(about).to_contain_text("Good at:")
    expect(about).to_contain_text("12 of 36 candidates")
    form.get_by_role("radio", name="Random").press("ArrowUp")
    expect(about).to_have_count(0)


def test_another_recipe_to_begin_with_fills_the_form_anew(form: Page, run_path: str) -> None:
    form.get_by_role("button", name="Clear").click()
    form.get_by_role("combobox", name="Begin with").click()
    form.get_by_role("option", name="Recipe 1", exact=True).click()
    form.wait_for_url(re.compile("recipe="))
    expect(form.get_by_text("The run is made from Recipe 1")).to_be_visible()
    assert sum(asked(form)) > 0


def test_the_form_and_the_json_are_no_wider_than_a_phone(form: Page) -> None:
    form.set_viewport_size(NARROW)
    form.reload()  # a phone opens the page at its width
    expect(bar(form, "bar")).to_have_attribute("aria-valuenow", "4")
    assert form.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    show_json(form)
    assert form.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
