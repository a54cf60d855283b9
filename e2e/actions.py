"""What people do on the pages, with the keyboard and the mouse."""

from datetime import date

from playwright.sync_api import Locator, Page, expect

from e2e.clinic import PASSWORD, spoken


def register(page: Page, *, role: str, username: str, email: str, full_name: str) -> None:
    page.get_by_role("tab", name="Register").click()
    choose_radio(page, "Role", role.capitalize())
    write(page, "Username", username)
    write(page, "Email", email)
    write(page, "Full name", full_name)
    write(page, "Password", PASSWORD)
    page.get_by_role("button", name="Register").click()
    expect_notice(page, "Your account has been created. You can log in with it now.")


def log_in(page: Page, username: str, password: str = PASSWORD) -> None:
    page.get_by_role("tab", name="Login").click()
    write(page, "Username", username)
    write(page, "Password", password)
    page.get_by_role("button", name="Log in").click()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out", exact=True).click()
    expect_login(page)


def go_to(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect_page(page, name)


def expect_page(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def expect_login(page: Page) -> None:
    expect(page.get_by_role("tab", name="Login")).to_be_visible()


def write(page: Page | Locator, label: str, text: str) -> None:
    """Replace what stands in a field, key by key."""
    field = page.get_by_role("textbox", name=label, exact=True)
    field.click()
    field.press("ControlOrMeta+a")
    field.press_sequentially(text)


def choose(page: Page | Locator, label: str, option: str) -> None:
    """Choose from a drop-down list by typing."""
    box = page.get_by_role("combobox", name=label)
    box.click()
    box.press_sequentially(option)
    box.press("Enter")


def choose_radio(page: Page | Locator, group: str, option: str) -> None:
    page.get_by_role("radiogroup", name=group).get_by_text(option, exact=True).click()


def choose_time(page: Page | Locator, label: str, time: str) -> None:
    hour, minute = time.split(":")
    type_into(page, f"hour, {label}", hour)
    type_into(page, f"minute, {label}", minute)
    page.get_by_role("spinbutton", name=f"minute, {label}", exact=True).press("Tab")


def choose_date(page: Page | Locator, label: str, day: date) -> None:
    """Type a later date, from the year down, so that no date on the way lies in the past."""
    type_into(page, f"year, {label}", f"{day:%Y}")
    type_into(page, f"month, {label}", f"{day:%m}")
    type_into(page, f"day, {label}", f"{day:%d}")
    close_popup(page)


def type_into(page: Page | Locator, part: str, digits: str) -> None:
    """Type one part of a date or a time."""
    field = page.get_by_role("spinbutton", name=part, exact=True)
    field.click()
    field.press_sequentially(digits)


def close_popup(page: Page | Locator) -> None:
    """Click beside the calendar that a date field opens; only then does the date count."""
    page.get_by_role("heading").first.click()


def choose_slot(page: Page | Locator, day: date, time: str) -> None:
    choose_date(page, "Date", day)
    slot(page, day, time).click()
    expect(slot(page, day, time)).to_be_checked()


def slot(page: Page | Locator, day: date, time: str) -> Locator:
    times = page.get_by_role("radiogroup", name=f"Free times on {spoken(day)}")
    return times.get_by_role("radio", name=time, exact=True)


def expect_notice(page: Page | Locator, text: str) -> None:
    """Expect a text in the first notice, whether good news (a "status") or bad (an "alert")."""
    expect(page.get_by_test_id("stAlertContainer").first).to_have_text(text)
