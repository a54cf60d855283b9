"""Dialogs that confirm changes of accounts, and the invitation of a doctor."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from ui.api.client import Api
from ui.api.errors import ApiFailure
from ui.api.models import Invitation, User
from ui.audit.wording import instant
from ui.config import settings
from ui.config.zones import zone_names
from ui.feedback.attempt import attempt, finished
from ui.feedback.dialogs import dialog
from ui.formatting import text as fmt
from ui.login.session import SignedInPerson
from ui.people import accounts
from ui.people.rows import ROLES
from ui.widgets import flash
from ui.widgets.dialogs import close, note_closed, take_request
from ui.widgets.zone import named

_INVITATION: Final = "people.invitation"


def open_requested(person: SignedInPerson, users: list[User]) -> None:
    """Open the requested dialog, if any; an invitation code stays open until it is dismissed."""
    requested = take_request()
    if _INVITATION in st.session_state or (requested and requested.kind == "invite"):
        _invite(person)
        return
    for user in users:
        if requested and user.id == requested.id:
            dialogs = {
                "deactivate": _deactivate,
                "reactivate": _reactivate,
                "role": _change_role,
                "zone": _change_zone,
                "devices": _devices,
            }
            dialogs[requested.kind](person.api, user, f"{requested.kind}.{requested.number}")


@dialog("Deactivate account")
def _deactivate(api: Api, user: User, key: str) -> None:
    if finished(key):
        close()
    flash.show()
    st.write(f"Deactivate the account of {fmt.plain(user.full_name)}?")
    st.write(
        "Their sessions end at once on every device, and they cannot log in "
        "until the account is reactivated. Booked appointments have to be "
        "cancelled first."
    )
    if user.role == "doctor":
        st.write("Patients can no longer book this doctor.")
    _draw_choice(
        "Yes, deactivate it",
        lambda: attempt(key, lambda: _switched(api, user, is_active=False)),
    )


@dialog("Reactivate account")
def _reactivate(api: Api, user: User, key: str) -> None:
    if finished(key):
        close()
    flash.show()
    st.write(
        f"Reactivate the account of {fmt.plain(user.full_name)}? "
        "They can then log in again with their password."
    )
    _draw_choice(
        "Yes, reactivate it",
        lambda: attempt(key, lambda: _switched(api, user, is_active=True)),
    )


@dialog("Change role")
def _change_role(api: Api, user: User, key: str) -> None:
    if finished(key):
        close()
    flash.show()
    st.write(f"{fmt.plain(user.full_name)} is {fmt.with_article(user.role)} now.")
    others = [role for role in ROLES if role != user.role]
    role = st.selectbox(
        "New role",
        others,
        index=None,
        format_func=str.capitalize,
        key=f"{key}.role",
        persist_state="session",
    )
    st.write(
        "Their sessions end at once on every device. With the next login they see the pages "
        "of the new role, and no longer those of the old one."
    )
    if role == "admin":
        st.warning("Administrators see everybody's data and may change every account.")
    _draw_choice("Change the role", lambda: _give_role(api, user, key))


@dialog("Change time zone")
def _change_zone(api: Api, user: User, key: str) -> None:
    if finished(key):
        close()
    flash.show()
    zones = sorted({*zone_names(), user.timezone})
    st.selectbox(
        "Time zone",
        zones,
        index=zones.index(user.timezone),
        key=f"{key}.zone",
        persist_state="session",
    )
    st.write(
        f"The working hours of {fmt.plain(user.full_name)} are in this time zone. "
        "Appointments that are booked must have the same times in it."
    )
    _draw_choice(
        "Change the time zone", lambda: attempt(key, lambda: _zone_changed(api, user, key))
    )


@dialog("Devices")
def _devices(api: Api, user: User, key: str) -> None:
    if finished(key):
        close()
    flash.show()
    found = api.users.sessions(user.id)
    name = fmt.plain(user.full_name)
    if found.last_seen_at is None:
        st.write(f"{name} is not logged in anywhere.")
        return
    zone = fmt.shown_zone(user.timezone)
    used = named(instant(found.last_seen_at, zone), zone, found.last_seen_at)
    st.write(
        f"{name} is logged in on {fmt.counted(found.count, 'device')}, last used {used}. "
        "Log them out if a device was lost or left open. "
        "They can log in again with their password."
    )
    _draw_choice(
        "Log out everywhere",
        lambda: attempt(key, lambda: _logged_out(api, user)),
    )


def _logged_out(api: Api, user: User) -> str:
    api.users.end_sessions(user.id)
    return f"Logged out everywhere: {fmt.plain(user.full_name)}"


def _dismiss_invitation() -> None:
    note_closed()
    st.session_state.pop(_INVITATION, None)


@dialog("Invite a doctor", on_dismiss=_dismiss_invitation)
def _invite(person: SignedInPerson) -> None:
    invitation: Invitation | None = st.session_state.get(_INVITATION)
    flash.show()
    if invitation is None:
        st.write("An invitation lets one doctor register, where the clinic asks for invitations.")
        st.button("Create an invitation", type="primary", on_click=_create, args=(person.api,))
        return
    st.write("The invitation code. It is shown only this once, so copy it now:")
    st.code(invitation.token, language=None, wrap_lines=True)
    st.write(
        f"Hand it to the doctor in person or by a message that nobody else reads. The doctor opens "
        f"{settings().public_url or 'this website'}, chooses “Register” and “Doctor” "
        f"and enters it as the invitation code. It works once, "
        f"until {_end_of(invitation, person.zone)}."
    )
    if st.button("Done"):  # in `on_click` it would end this run before the page is drawn anew
        _dismiss_invitation()
        st.rerun()


def _end_of(invitation: Invitation, zone: str) -> str:
    return named(instant(invitation.expires_at, zone), zone, invitation.expires_at)


def _create(api: Api) -> None:
    if _INVITATION in st.session_state:
        return
    try:
        st.session_state[_INVITATION] = api.invitations.create()
    except ApiFailure as failure:
        flash.failed(failure.sentence)


def _draw_choice(label: str, change: Callable[[], None]) -> None:
    with st.container(horizontal=True):
        st.button(label, type="primary", on_click=change)
        if st.button("Leave it as it is"):
            close()


def _switched(api: Api, user: User, *, is_active: bool) -> str:
    accounts.change(api, user, is_active=is_active)
    return f"{'Reactivated' if is_active else 'Deactivated'}: {fmt.plain(user.full_name)}"


def _give_role(api: Api, user: User, key: str) -> None:
    role: str | None = st.session_state.get(f"{key}.role")
    if role is None:
        flash.failed("Please choose the new role first.")
    else:
        attempt(key, lambda: _role_given(api, user, role))


def _zone_changed(api: Api, user: User, key: str) -> str:
    zone: str = st.session_state[f"{key}.zone"]
    accounts.change(api, user, timezone=zone)
    return f"The time zone of {fmt.plain(user.full_name)} is {fmt.plain(zone)} now"


def _role_given(api: Api, user: User, role: str) -> str:
    accounts.change(api, user, role=role)
    return f"{fmt.plain(user.full_name)} is {fmt.with_article(role)} now"
