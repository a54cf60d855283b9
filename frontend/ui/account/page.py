"""Account: profile, password and devices of the person who is logged in."""

from typing import Final

import streamlit as st

from ui.account.devices import device_name
from ui.api.errors import ApiFailure
from ui.api.models import Session, User
from ui.audit.access_log import draw_accesses
from ui.config.zones import zone_names
from ui.feedback.failures import show_api_errors
from ui.feedback.unknown_zone import warn_of_unknown_zone
from ui.formatting import limits
from ui.formatting.phones import PHONE_HINT, shown_phone
from ui.formatting.text import moment, now_in, plain
from ui.login import session
from ui.login.session import SignedInPerson
from ui.widgets import flash
from ui.widgets.zone import named

FORM_WIDTH: Final = 560
_SAVED: Final = "account.saved"


@show_api_errors
def page() -> None:
    person = session.require_role("patient", "doctor", "admin")
    st.title("Account")
    flash.show()
    warn_of_unknown_zone(person.user)
    with st.container(width=FORM_WIDTH):
        _profile_form(person)
        _password_form(person)
        _sessions(person)
    draw_accesses(person)


def _profile_form(person: SignedInPerson) -> None:
    user = person.user
    st.subheader("Profile")
    with st.form("profile"):
        st.caption(f"Username {plain(user.username)} · {user.role}")
        fields = {
            "full_name": _text_field(
                "Full name", "full_name", user.full_name, "name", limits.FULL_NAME
            ),
            "email": _text_field("Email", "email", user.email, "email", limits.EMAIL),
            "phone": _text_field(
                "Phone", "phone", shown_phone(user.phone), "tel", limits.PHONE, PHONE_HINT
            ),
        }
        if user.role == "doctor":
            fields["specialty"] = _text_field(
                "Specialty", "specialty", user.specialty, None, limits.SPECIALTY
            )
            fields["timezone"] = _timezone_box(user)
        password = st.text_input(
            "Your password",
            type="password",
            max_chars=limits.PASSWORD,
            key=f"profile.password.{st.session_state.get(_SAVED, 0)}",
            placeholder="Only needed to change the email",
            autocomplete="current-password",
        )
        submitted = st.form_submit_button("Save profile", type="primary")
    if submitted:
        _save_profile(person, fields, password or "")


def _text_field(
    label: str,
    name: str,
    stored: str | None,
    autocomplete: str | None,
    longest: int,
    hint: str | None = None,
) -> str:
    """A field of the profile; it is reset when the stored value changes."""
    return st.text_input(
        label,
        stored or "",
        key=f"profile.{name}.{stored}",
        max_chars=longest,
        autocomplete=autocomplete,
        help=hint,
        persist_state="page",
    )


def _timezone_box(user: User) -> str:
    zones = sorted({*zone_names(), user.timezone})
    return st.selectbox(
        "Time zone", zones, index=zones.index(user.timezone), help="Your working hours are in it."
    )


def _save_profile(person: SignedInPerson, fields: dict[str, str], password: str) -> None:
    entered = {name: value.strip() or None for name, value in fields.items()}
    shown = person.user.model_dump() | {"phone": shown_phone(person.user.phone) or None}
    changes = {name: value for name, value in entered.items() if value != shown[name]}
    if not changes:
        st.info("There is nothing to save: nothing has been changed.")
        return
    if "email" in changes:
        if not password:
            st.error("Please enter your password to change the email.")
            return
        changes["current_password"] = password
    try:
        session.user_changed(person.api.users.change_me(**changes))
    except ApiFailure as failure:
        st.error(failure.sentence)
    else:
        st.session_state[_SAVED] = st.session_state.get(_SAVED, 0) + 1  # a new, empty password
        flash.succeeded("Your profile has been saved.")
        st.rerun()


def _password_form(person: SignedInPerson) -> None:
    st.subheader("Password")
    with st.form("password", clear_on_submit=True):
        current = _password_field("Current password", "current-password")
        new = _password_field("New password", "new-password")
        again = _password_field("New password again", "new-password")
        submitted = st.form_submit_button("Change password", type="primary")
    if submitted:
        _change_password(person, current or "", new or "", again or "")


def _password_field(label: str, autocomplete: str) -> str | None:
    return st.text_input(
        label, type="password", max_chars=limits.PASSWORD, autocomplete=autocomplete
    )


def _change_password(person: SignedInPerson, current: str, new: str, again: str) -> None:
    if not (current and new):
        st.error("Please enter your current password and a new one.")
    elif new != again:
        st.error("The two new passwords differ. Please enter the same one twice.")
    else:
        try:
            opened = person.api.auth.change_password(current, new)
        except ApiFailure as failure:
            st.error(failure.sentence)
        else:
            session.keep(opened)
            flash.succeeded("Your password has been changed. All other devices are logged out.")
            st.rerun()


def _sessions(person: SignedInPerson) -> None:
    st.subheader("Where you are logged in")
    for one in person.api.auth.sessions():
        _session_row(person, one)
    st.button("Log out everywhere", icon=":material/logout:", on_click=_log_out_everywhere)


def _session_row(person: SignedInPerson, one: Session) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(_session_text(person, one), width="stretch")
        if not one.current:
            st.button(
                "Log out this device",
                key=f"revoke.{one.id}",
                on_click=_revoke,
                args=(person, one.id),
            )


def _session_text(person: SignedInPerson, one: Session) -> str:
    used = now_in(person.zone, one.last_seen_at)
    last_used = named(moment(used.date(), f"{used:%H:%M}"), person.zone, one.last_seen_at)
    when = "This device" if one.current else f"Last used {last_used}"
    return f"**{plain(device_name(one.user_agent))}**  \n{when}"


def _revoke(person: SignedInPerson, session_id: int) -> None:
    try:
        person.api.auth.revoke_session(session_id)
    except ApiFailure as failure:
        flash.failed(failure.sentence)
    else:
        flash.succeeded("That device has been logged out.")


def _log_out_everywhere() -> None:
    try:
        session.sign_out(everywhere=True)
    except ApiFailure as failure:
        session.warn(f"You are still logged in. {failure.sentence}")


page()
