"""Pages that a browser translates, and browsers whose own language writes dates otherwise."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e import actions
from e2e.clinic import MONDAY, Clinic, coming, spoken
from e2e.conftest import NewVisitor
from e2e.visitor import Visitor

VISITS = 12
TRANSLATE = """(how) => {
  const walker = document.createTreeWalker(
    document.querySelector('[data-testid=stMain]'), NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    if (!text.data.trim()) continue;
    const inner = document.createElement('font');
    const outer = document.createElement('font');
    outer.append(inner);
    inner.textContent = `~${text.data}`;
    if (how === 'replaced') text.replaceWith(outer);
    if (how === 'beside') { text.before(outer); text.remove(); }
    if (how === 'wrapped') { inner.textContent = ''; text.replaceWith(outer); inner.append(text); }
  }
}"""


def cards_of(page: Page) -> Locator:
    return page.locator("[data-testid=stMarkdown]").filter(has_text="30 minutes")


def shown(page: Page) -> list[str]:
    """When the visits are whose cards are on the page, as a person reads it."""
    return [text.replace("~", "").strip() for text in cards_of(page).all_inner_texts()]


@pytest.fixture
def told(visitor: Visitor, clinic: Clinic) -> list[str]:
    """What the cards of a patient say, whose first page is open."""
    doctor = clinic.register("doctor", "Dr. Trans Lator")
    patient = clinic.register("patient", "Pat Ient")
    clinic.add_schedule(doctor, MONDAY, "09:00", "17:00")
    days = [coming(MONDAY) + timedelta(weeks=number) for number in range(VISITS)]
    times = ["9:00", "9:30", "10:00"]
    for number, day in enumerate(days):
        clinic.book(patient, doctor, day, times[number % 3].zfill(5))
    visitor.open("/my-appointments")
    actions.log_in(visitor.page, patient.username)
    expect(cards_of(visitor.page)).to_have_count(10)
    return [f"{spoken(day)}, {times[number % 3]} · 30 minutes" for number, day in enumerate(days)]


@pytest.mark.parametrize("how", ["replaced", "beside", "wrapped"])
def test_a_translated_page_never_shows_another_visit(
    visitor: Visitor, told: list[str], how: str
) -> None:
    page = visitor.page
    page.evaluate(TRANSLATE, how)
    assert shown(page) == told[:10]
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_text("Page 2")).to_be_visible()
    expect(cards_of(page)).to_have_count(2)
    assert shown(page) == told[10:]

    page.evaluate(TRANSLATE, how)
    page.get_by_role("button", name="Cancel").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_test_id("stAlertContainer").first).to_contain_text("Cancelled:")
    expect(cards_of(page)).to_have_count(1)
    assert shown(page) == told[11:]


def put_beside_each_other(page: Page, first: str, second: str) -> str:
    """Have React's way with a translated text: it writes into the one that it made."""
    return str(
        page.evaluate(
            """([first, second]) => {
              const place = document.createElement('p');
              const text = document.createTextNode(first);
              const font = document.createElement('font');
              document.body.append(place);
              place.append(text, ' · Scheduled');
              font.textContent = first;
              text.replaceWith(font);
              return new Promise((resolve) => setTimeout(() => {
                text.nodeValue = second;
                setTimeout(() => { resolve(place.textContent); place.remove(); });
              }));
            }""",
            [first, second],
        )
    )


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        ("", "Tuesday · Scheduled"),
        pytest.param("window.clinicTexts = true", "Monday · Scheduled", id="control without help"),
    ],
)
def test_a_text_that_changes_takes_its_place_again(
    visitor: Visitor, script: str, seen: str
) -> None:
    visitor.page.add_init_script(script)
    visitor.open()
    visitor.page.wait_for_function("() => window.clinicTexts")
    assert put_beside_each_other(visitor.page, "Monday", "Tuesday") == seen


def test_the_week_of_a_date_field_begins_as_the_clinic_says(
    new_visitor: NewVisitor, clinic: Clinic
) -> None:
    doctor = clinic.register("doctor", "Dr. Week Day")
    visitor = new_visitor(locale="en-US")
    visitor.open("/appointments")
    page = visitor.page
    actions.log_in(page, doctor.username)
    actions.expect_page(page, "Appointments")
    page.get_by_role("spinbutton", name=re.compile("day, Date")).first.click()
    expect(page.get_by_role("grid").locator("thead th").first).to_have_text(re.compile("^M"))
