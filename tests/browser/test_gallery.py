"""Review: keys, marks, undo, the address, the nearest training images, and another selection."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(600)]


def counts(page: Page, text: str) -> None:
    expect(page.get_by_role("status").filter(has_text=text)).to_be_visible()


def test_keys_judge_and_go_on_and_undo_takes_back(gallery: Page) -> None:
    for key in "axp":
        gallery.keyboard.press(key)
    counts(gallery, "2 accepted, 1 rejected")
    verdicts = [gallery.get_by_role("option").nth(place).get_attribute("data-verdict") for place in range(4)]
    assert verdicts == ["accept", "reject", "accept", None]
    gallery.keyboard.press("Control+z")
    gallery.keyboard.press("Control+z")
    counts(gallery, "1 accepted, 0 rejected")


def test_ratings_and_stars_are_given_by_key_found_again_and_taken_back(gallery: Page) -> None:
    tiles = gallery.get_by_role("listbox", name="Samples").get_by_role("option")
    for key in ("4", "5", "."):
        gallery.keyboard.press(key)
    expect(tiles.nth(1)).to_have_accessible_name(re.compile("you rated it 5"))
    expect(tiles.nth(2)).to_have_accessible_name(re.compile("starred"))
    gallery.get_by_role("combobox", name="Sort by").click()
    gallery.get_by_role("option", name="Rating, highest first").click()
    expect(tiles).to_have_count(2)
    expect(tiles.first).to_have_attribute("data-badge", "rated 5")
    gallery.get_by_role("combobox", name="Rating", exact=True).click()
    gallery.get_by_role("option", name="Rated 5", exact=True).click()
    expect(gallery).to_have_url(re.compile(r"rating=5"))
    expect(tiles).to_have_count(1)
    for _ in range(3):
        # a page that is left takes what it has not sent yet with it
        with gallery.expect_response(re.compile("/verdicts/undo/")):
            gallery.get_by_role("button", name="Undo").click()
    gallery.goto(re.sub(r"\?.*", "?kept=any&rating=rated", gallery.url))
    expect(gallery.get_by_text("No sample matches.")).to_be_visible()
    gallery.goto(re.sub(r"\?.*", "?kept=any&starred=true", gallery.url))
    expect(gallery.get_by_text("No sample matches.")).to_be_visible()


def test_a_range_is_marked_judged_at_once_and_undone_at_once(gallery: Page) -> None:
    tiles = gallery.get_by_role("option")
    tiles.nth(2).click()
    tiles.nth(9).click(modifiers=["Shift"])
    expect(gallery.get_by_text("8 samples marked")).to_be_visible()
    gallery.get_by_role("button", name="Reject").click()
    counts(gallery, "0 accepted, 8 rejected")
    gallery.get_by_role("button", name="Undo").click()
    counts(gallery, "0 accepted, 0 rejected")


def test_filters_stand_in_the_address_and_survive_a_reload(gallery: Page) -> None:
    gallery.get_by_role("combobox", name="Class").click()
    gallery.get_by_role("option", name="cross (12)").click()
    gallery.get_by_role("combobox", name="Sort by").click()
    gallery.get_by_role("option", name="Class confidence, highest first").click()
    expect(gallery).to_have_url(re.compile(r"label=cross.*sort=-score"))
    tiles = gallery.get_by_role("listbox", name="Samples").get_by_role("option")
    expect(tiles).to_have_count(12)
    gallery.reload()
    expect(tiles).to_have_count(12)
    scores = [float(tiles.nth(place).get_attribute("data-badge") or "nan") for place in range(12)]
    assert scores == sorted(scores, reverse=True)


def test_the_viewer_shows_the_nearest_training_images_and_judges_by_the_same_keys(gallery: Page) -> None:
    gallery.keyboard.press("Enter")
    viewer = gallery.get_by_role("region", name="Sample, large")
    expect(viewer.get_by_role("img", name=re.compile("^Training image"))).to_have_count(5)
    expect(viewer.get_by_text("1 of 36")).to_be_visible()
    gallery.keyboard.press("x")
    expect(viewer.get_by_text("2 of 36")).to_be_visible()
    gallery.keyboard.press("i")
    expect(viewer.get_by_text("Seed of its noise")).to_be_visible()
    gallery.keyboard.press("Escape")
    expect(gallery.get_by_role("option").first).to_have_attribute("data-verdict", "reject")


def test_verdicts_go_out_and_come_in_as_a_file_and_a_sample_tells_its_history(gallery: Page, tmp_path: Path) -> None:
    gallery.keyboard.press("x")
    counts(gallery, "0 accepted, 1 rejected")
    gallery.get_by_role("button", name="Verdicts").click()
    with gallery.expect_download() as download:
        gallery.get_by_role("menuitem", name="Download as CSV").click()
    (row,) = csv.DictReader(download.value.path().read_text().splitlines())
    assert row["value"] == "reject"
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(f"sample,value\n{row['sample']},maybe\n")
    bring(gallery, wrong)
    refusal = gallery.get_by_role("dialog", name="Nothing was brought in")
    expect(
        refusal.get_by_text("row 2: value is 'maybe'; expected accept, reject or nothing.", exact=True)
    ).to_be_visible()
    gallery.keyboard.press("Escape")
    expect(refusal).to_be_hidden()
    right = tmp_path / "right.csv"
    right.write_text(f"sample,value,rating\n{row['sample']},accept,4\n")
    bring(gallery, right)
    counts(gallery, "1 accepted, 0 rejected")
    gallery.get_by_role("option").first.dblclick()
    gallery.keyboard.press("h")
    history = gallery.get_by_role("table", name="What was said of it")
    expect(history.get_by_role("row").first).to_contain_text("accepted it, and rated it 4")
    expect(history.get_by_role("row").nth(1)).to_contain_text("rejected it")


def bring(page: Page, file: Path) -> None:
    page.get_by_role("button", name="Verdicts").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("menuitem", name="Bring in a CSV as yours").click()
    chooser.value.set_files(file)


def test_a_sample_is_held_beside_those_that_follow_and_two_marked_ones_are_compared(gallery: Page) -> None:
    viewer = gallery.get_by_role("region", name="Sample, large")
    shown = viewer.get_by_role("img", name=re.compile("^Sample "))
    gallery.keyboard.press("c")
    expect(shown).to_have_count(2)
    held = shown.first.get_attribute("alt")
    second = shown.last.get_attribute("alt")
    gallery.keyboard.press("x")
    expect(shown.last).not_to_have_attribute("alt", str(second))
    expect(shown.first).to_have_attribute("alt", str(held))
    gallery.keyboard.press("Escape")
    expect(shown).to_have_count(1)
    gallery.keyboard.press("Escape")
    tiles = gallery.get_by_role("option")
    expect(tiles.first).not_to_have_attribute("data-verdict", "reject")
    expect(tiles.nth(1)).to_have_attribute("data-verdict", "reject")
    for place in (4, 9):
        tiles.nth(place).click(modifiers=["Control"])
    gallery.keyboard.press("c")
    expect(shown).to_have_count(2)
    expect(viewer.get_by_text("10 of 36")).to_be_visible()


def test_back_leads_from_the_viewer_to_the_grid(gallery: Page) -> None:
    viewer = gallery.get_by_role("region", name="Sample, large")
    gallery.keyboard.press("Enter")
    expect(viewer).to_be_visible()
    gallery.go_back()
    expect(viewer).to_be_hidden()
    # Keys pressed faster than the page follows are done all the same.
    for _ in range(5):
        gallery.keyboard.press("Enter")
        gallery.keyboard.press("Escape")
        # by then a large view that Escape had missed would be there
        gallery.wait_for_timeout(500)
        expect(gallery.get_by_role("option").first).to_be_visible()
        expect(viewer).to_be_hidden()
    expect(gallery.get_by_role("option").first).to_be_visible()


def test_a_number_and_keys_lead_to_a_place(gallery: Page) -> None:
    place = gallery.get_by_label("Sample", exact=True)
    gallery.keyboard.press("End")
    expect(place).to_have_value("36")
    gallery.keyboard.press("Home")
    expect(place).to_have_value("1")
    place.fill("30")
    place.press("Enter")
    expect(gallery.locator("[data-at=true]")).to_have_attribute("data-place", "29")
    gallery.keyboard.press("s")
    gallery.keyboard.press("Control+i")
    expect(gallery.get_by_text("35 samples marked")).to_be_visible()


def test_letters_typed_into_a_field_are_no_verdicts(gallery: Page) -> None:
    field = gallery.get_by_role("combobox", name="Class")
    field.click()
    field.press_sequentially("axpu")
    gallery.keyboard.press("Escape")
    counts(gallery, "0 accepted, 0 rejected")


def test_another_selection_needs_no_training(gallery: Page) -> None:
    gallery.get_by_role("button", name="Select again").click()
    dialog = gallery.get_by_role("dialog")
    dialog.get_by_role("radio", name="Random").check()
    dialog.get_by_role("textbox", name="Images per class").fill("2")
    expect(dialog.get_by_text("Keeps 6 of 36", exact=True).first, "told before anything is chosen").to_be_visible()
    about = dialog.get_by_role("region", name="About Random")
    expect(about).to_contain_text("6 of 36 candidates. It always keeps as many as are asked for.")
    dialog.get_by_role("textbox", name="Images per class").fill("20")
    expect(about, "no more than were drawn").to_contain_text("36 of 36 candidates.")
    dialog.get_by_role("textbox", name="Images per class").fill("2")
    dialog.get_by_role("button", name="Select", exact=True).click()
    expect(gallery.get_by_text(re.compile("kept 6 of 36 candidates"))).to_be_visible(timeout=120_000)
    expect(gallery.get_by_role("button", name="How it chose"), "lots say nothing of themselves").to_have_count(0)


def test_a_selection_says_how_it_chose(gallery: Page) -> None:
    gallery.get_by_role("option").first.click()
    gallery.keyboard.press("x")
    gallery.get_by_role("button", name="Select again").click()
    dialog = gallery.get_by_role("dialog")
    dialog.get_by_role("radio", name="Preference").check()
    dialog.get_by_role("button", name="Select", exact=True).click()
    gallery.get_by_role("button", name="How it chose").click(timeout=120_000)
    said = gallery.get_by_role("dialog", name=re.compile(r"How selection \d+ chose, by preference"))
    expect(said).to_contain_text(re.compile("Accepted0Rejected1"))


def test_the_counts_by_class_lead_to_the_class(gallery: Page) -> None:
    gallery.keyboard.press("a")
    gallery.get_by_role("button", name="By class").click()
    expect(gallery.get_by_role("row", name=re.compile(r"bar\s+12\s+4\s+1\s+0"))).to_be_visible()
    gallery.get_by_role("button", name="bar", exact=True).click()
    expect(gallery).to_have_url(re.compile("label=bar"))
