"""The invitations that doctors can still register with."""

import streamlit as st

from ui.api.client import Api
from ui.api.models import OpenInvitation
from ui.audit.wording import instant
from ui.feedback.attempt import attempt
from ui.formatting import text as fmt
from ui.login.session import SignedInPerson
from ui.widgets.zone import named


def draw_invitations(person: SignedInPerson) -> None:
    """Draw nothing where there are none."""
    invitations = person.api.invitations.open()
    if not invitations:
        return
    with st.expander(f"Open invitations ({len(invitations)})", icon=":material/mail:"):
        for one in invitations:
            _draw_row(person, one)


def _draw_row(person: SignedInPerson, one: OpenInvitation) -> None:
    zone = person.zone
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**Invitation {one.id}**  \nCreated by {fmt.plain(one.created_by_name)}, "
            f"works until {named(instant(one.expires_at, zone), zone, one.expires_at)}",
            width="stretch",
        )
        st.button(
            "Revoke",
            key=f"invitation.{one.id}",
            on_click=attempt,
            args=(f"invitation.{one.id}", lambda: _revoked(person.api, one)),
        )


def _revoked(api: Api, one: OpenInvitation) -> str:
    api.invitations.revoke(one.id)
    return f"Revoked: nobody can register with invitation {one.id}"
