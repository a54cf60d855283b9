"""The codes with which invited doctors register."""

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from ui.api.models import Invitation, OpenInvitation
from ui.api.transport import Transport, parse

_INVITATION: Final = TypeAdapter(Invitation)
_INVITATIONS: Final = TypeAdapter(list[OpenInvitation])


@dataclass(frozen=True)
class Invitations:
    transport: Transport

    def open(self) -> list[OpenInvitation]:
        """The invitations that can still be used, the newest first."""
        return parse(_INVITATIONS, self.transport.send("GET", "/users/invitations"))

    def create(self) -> Invitation:
        return parse(_INVITATION, self.transport.send("POST", "/users/invitations"))

    def revoke(self, invitation_id: int) -> None:
        self.transport.send("DELETE", f"/users/invitations/{invitation_id}")
