"""The API's documentation in a browser, under a policy of its own."""

import httpx
from playwright.sync_api import expect

from e2e.system import System
from e2e.visitor import Visitor


def test_the_documentation_shows_every_operation(visitor: Visitor, system: System) -> None:
    visitor.page.goto(f"{system.api_url}/docs")

    expect(visitor.page.get_by_role("heading", name="City Clinic: appointments")).to_be_visible()
    described = httpx.get(f"{system.api_url}/openapi.json").json()["paths"].values()
    operations = visitor.page.locator(".opblock")
    expect(operations).to_have_count(sum(map(len, described)))
    operations.first.get_by_role("button").first.click()
    expect(operations.first.get_by_role("button", name="Try it out")).to_be_visible()
