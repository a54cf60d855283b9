"""The page with the tabs Login and Register."""

from collections.abc import Sequence
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.api.errors import ApiFailure
from ui.config import settings
from ui.formatting import limits
from ui.formatting.phones import PHONE_HINT
from ui.login import session

FORM_WIDTH: Final = 480
TABS: Final = ("Login", "Register")
_LOGIN_NAME: Final = "entrance.login_name"
_REGISTERED: Final = "entrance.registered"
_REGISTRATIONS: Final = "entrance.registrations"


def page() -> None:
    with st.container(horizontal_alignment="center"), st.container(width=FORM_WIDTH):
        st.title(settings().clinic_name)
        _welcome()
        login, register = _tabs()
        with login:
            _login_form()
        with register:
            _register_form()


def _welcome() -> None:
    """Confirm a registration, and fill its user name into the login form.

    A widget takes a new value only before it is drawn, so the registration leaves the name here.
    """
    username = st.session_state.pop(_REGISTERED, None)
    if username:
        st.session_state[_LOGIN_NAME] = username
        st.success("Your account has been created. You can log in with it now.")


def _tabs() -> Sequence[DeltaGenerator]:
    """The two tabs. A new key after each registration brings the Login tab to the front again.

    The browser alone decides which tab is in front, and both forms are always drawn: a form can be
    submitted even if a slow browser shows another tab than the script expects.
    """
    return st.tabs(TABS, key=f"entrance.tabs.{_registrations()}")


def _registrations() -> int:
    number: int = st.session_state.get(_REGISTRATIONS, 0)
    return number


def _login_form() -> None:
    with st.form("login"):
        username = st.text_input(
            "Username",
            key=_LOGIN_NAME,
            max_chars=limits.LOGIN_NAME,
            autocomplete="username",
            help="Or your e-mail address",
        )
        password = st.text_input(
            "Password",
            type="password",
            max_chars=limits.PASSWORD,
            autocomplete="current-password",
        )
        submitted = st.form_submit_button("Log in", type="primary", width="stretch")
    if submitted:
        _log_in((username or "").strip(), password or "")


def _log_in(username: str, password: str) -> None:
    if not (username and password):
        st.error("Please enter your username and your password.")
        return
    try:
        session.sign_in(username, password)
    except ApiFailure as failure:
        st.error(failure.sentence)
    else:
        st.rerun()


def _register_form() -> None:
    role = st.radio("Role", ("patient", "doctor"), format_func=str.capitalize, horizontal=True)
    with st.form(f"register.{_registrations()}"):
        fields = {
            "username": st.text_input(
                "Username", max_chars=limits.USERNAME, autocomplete="username"
            ),
            "email": st.text_input("Email", max_chars=limits.EMAIL, autocomplete="email"),
            "full_name": st.text_input(
                "Full name", max_chars=limits.FULL_NAME, autocomplete="name"
            ),
            "password": st.text_input(
                "Password",
                type="password",
                max_chars=limits.PASSWORD,
                autocomplete="new-password",
            ),
            "phone": st.text_input(
                "Phone",
                max_chars=limits.PHONE,
                placeholder="Optional",
                autocomplete="tel",
                help=PHONE_HINT,
            ),
        }
        if role == "doctor":
            fields["specialty"] = st.text_input(
                "Specialty",
                max_chars=limits.SPECIALTY,
                placeholder="For example General practice",
            )
            fields["invitation"] = st.text_input(
                "Invitation code",
                max_chars=limits.INVITATION,
                placeholder="If the clinic gave you one",
                autocomplete="off",
            )
        submitted = st.form_submit_button("Register", type="primary", width="stretch")
    if submitted:
        _register(role, {name: value or "" for name, value in fields.items()})


def _register(role: str, fields: dict[str, str]) -> None:
    password = fields.pop("password")
    entered = {name: value.strip() for name, value in fields.items()}
    username, email, full_name = entered["username"], entered["email"], entered["full_name"]
    if not (username and email and full_name and password):
        st.error("Please fill in username, email, full name and password.")
        return
    try:
        user = session.anonymous_api().auth.register(
            username=username,
            email=email,
            full_name=full_name,
            password=password,
            role=role,
            phone=entered["phone"] or None,
            specialty=entered.get("specialty") or None,
            invitation=entered.get("invitation") or None,
        )
    except ApiFailure as failure:
        st.error(failure.sentence)
    else:
        st.session_state[_REGISTERED] = user.username
        st.session_state[_REGISTRATIONS] = _registrations() + 1
        st.rerun()
