"""A model's help page says what the catalogue knows of it, and is reached from where the model is chosen."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(900)]


def catalogue(page: Page) -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = page.request.get("/api/v1/catalogue/").json()["models"]
    return models


def test_every_model_has_a_page_with_each_of_its_settings(member: Page) -> None:
    member.goto("/models")
    for model in catalogue(member):
        card = model["card"]
        member.get_by_role("main").get_by_role("link", name=card["title"], exact=True).click()
        expect(member.get_by_role("heading", name=card["title"], level=1)).to_be_visible()
        expect(member.get_by_role("link", name=card["paper"])).to_have_attribute("href", card["url"])
        for text in (card["summary"], card["strengths"], card["limits"]):
            expect(member.get_by_text(text)).to_be_visible()
        table = member.get_by_role("group", name="Settings")
        for name, setting in model["schema"]["properties"].items():
            expect(table.locator(f"tr#{name}")).to_contain_text(setting["description"])
        for conflict in model["conflicts"]:
            expect(member.get_by_text(conflict["sentence"])).to_be_visible()
        member.go_back()


def test_a_model_that_is_not_there_is_said_so(member: Page) -> None:
    member.goto("/models/no_such_model")
    expect(member.get_by_role("heading", name="No such model")).to_be_visible()


def test_the_form_of_a_recipe_leads_to_the_help_page_and_stays_as_it_is(member: Page, run_path: str) -> None:
    member.goto(run_path)
    member.get_by_role("link", name="Run again, changed").click()
    member.get_by_role("textbox", name="Name of the run").fill("Kept")
    member.get_by_text("Details of InfoGAN").click()
    with member.context.expect_page() as opened:
        member.get_by_role("link", name="Help page of InfoGAN").click()
    expect(opened.value.get_by_role("heading", name="InfoGAN", level=1)).to_be_visible()
    opened.value.close()
    expect(member.get_by_role("textbox", name="Name of the run")).to_have_value("Kept")
