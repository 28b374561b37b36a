"""The map in the gallery: an area drawn by pointer or by keys filters the grid, and stands in the address."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(600)]
SIDE = 9999
"""x and y on the map, at most."""


@pytest.fixture
def views(member: Page, run_path: str) -> dict[str, Any]:
    """The map over the gallery of the finished run, with all 36 candidates in the grid; view -> where they lie."""
    member.goto(f"{run_path}/gallery?kept=any")
    expect(tiles(member)).to_have_count(36)
    with member.expect_response(re.compile(r"/pools/[^/]+/map/$")) as answer:
        member.get_by_role("button", name="Map", exact=True).click()
    expect(plane(member)).to_be_visible()
    return {view["name"]: view for view in answer.value.json()["views"]}


def plane(page: Page) -> Locator:
    return page.get_by_role("application", name="Map of training images and samples")


def tiles(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Samples").get_by_role("option")


def told(page: Page, beginning: str) -> tuple[int, int]:
    """Samples and training images, as the page counts them in the sentence that begins so."""
    words = page.get_by_role("status").filter(has_text=beginning).inner_text()
    numbers = re.search(r"(\d+) samples? and (\d+) training image", words)
    assert numbers is not None, words
    return int(numbers[1]), int(numbers[2])


def look_at_neighbours(page: Page) -> None:
    """The view in which samples lie apart that a young generator made almost alike."""
    page.get_by_role("combobox", name="View of the map").click()
    page.get_by_role("option", name="Neighbours (t-SNE)").click()
    expect(page.get_by_text("Alike images stand together")).to_be_visible()
    expect(page).to_have_url(re.compile("map=tsne"))


def draw_left_of(page: Page, x: float) -> None:
    """A lasso around all that lies left of a place on the map."""
    expect(plane(page)).to_be_visible()
    box = plane(page).bounding_box()
    assert box is not None
    edge = box["x"] + box["width"] / 2 + (x - SIDE / 2) * min(box["width"], box["height"]) / SIDE
    top, bottom = box["y"] + 2, box["y"] + box["height"] - 2
    page.mouse.move(box["x"] + 2, top)
    page.mouse.down()
    for place in ((edge, top), (edge, bottom), (box["x"] + 2, bottom)):
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def test_a_lasso_filters_the_grid_shows_the_training_images_and_survives_a_reload(
    member: Page, views: dict[str, Any]
) -> None:
    draw_left_of(member, SIDE)
    expect(member).to_have_url(re.compile("area=pca"))
    assert told(member, "In the area") == (36, len(views["pca"]["real"]["x"]))
    look_at_neighbours(member)
    expect(member).not_to_have_url(re.compile("area="))  # it was one of the other view
    draw_left_of(member, sorted(views["tsne"]["samples"]["x"])[18])
    expect(member).to_have_url(re.compile("area=tsne"))
    samples, real = told(member, "In the area")
    assert 0 < samples < 36
    expect(tiles(member)).to_have_count(samples)
    images = member.get_by_role("group", name="Training images in the area").get_by_role("img")
    expect(images).to_have_count(min(real, 48))
    if real:
        expect(images.first).not_to_have_js_property("naturalWidth", 0)
    member.reload()
    expect(tiles(member)).to_have_count(samples)
    assert told(member, "In the area") == (samples, real)
    member.get_by_role("button", name="Clear the area").click()
    expect(tiles(member)).to_have_count(36)


def test_keys_move_a_rectangle_and_choose_it_and_a_class_is_chosen_in_the_legend(
    member: Page, views: dict[str, Any]
) -> None:
    look_at_neighbours(member)
    expect(plane(member)).to_be_visible()
    plane(member).focus()
    for key in ["ArrowLeft"] * 20 + ["ArrowUp"] * 20 + ["Shift+ArrowDown"] * 30:
        member.keyboard.press(key)
    for _ in range(60):  # wider until there is something in it; if that is all at once, less high until some are out
        samples, real = told(member, "Enter chooses it")
        if 0 < samples < 36:
            break
        member.keyboard.press("Shift+ArrowRight" if samples == 0 else "Shift+ArrowUp")
    assert 0 < samples < 36
    member.keyboard.press("Enter")
    expect(member).to_have_url(re.compile("area=tsne"))
    assert told(member, "In the area") == (samples, real)
    expect(tiles(member)).to_have_count(samples)
    member.keyboard.press("Escape")
    expect(tiles(member)).to_have_count(36)
    member.get_by_role("list", name="Classes on the map").get_by_role("button", name="cross").click()
    expect(tiles(member)).to_have_count(12)
