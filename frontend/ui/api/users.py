"""Accounts: one's own, those that admins manage, and the doctors that everybody sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from ui.api.models import Doctor, OpenSessions, User
from ui.api.transport import Transport, given, parse

_USER: Final = TypeAdapter(User)
_USERS: Final = TypeAdapter(list[User])
_DOCTORS: Final = TypeAdapter(list[Doctor])
_OPEN_SESSIONS: Final = TypeAdapter(OpenSessions)


@dataclass(frozen=True)
class Users:
    transport: Transport

    def doctors(self) -> list[Doctor]:
        return parse(_DOCTORS, self.transport.read_public("/users/doctors"))

    def change_me(self, **changes: str | None) -> User:
        return parse(_USER, self.transport.send("PATCH", "/users/me", json=changes))

    def find(self, **filters: str | int | bool | Sequence[int] | None) -> list[User]:
        """Accounts by name, for admins: `id`, `role`, `is_active`, `is_approved`, `name`.

        `after` is the last id of the page before, `limit` the size of a page (at most 200).
        """
        return parse(_USERS, self.transport.send("GET", "/users/", params=given(filters)))

    def change(self, user_id: int, **changes: str | bool) -> User:
        return parse(_USER, self.transport.send("PATCH", f"/users/{user_id}", json=changes))

    def sessions(self, user_id: int) -> OpenSessions:
        """On how many devices somebody is logged in, for admins."""
        return parse(_OPEN_SESSIONS, self.transport.send("GET", f"/users/{user_id}/sessions"))

    def end_sessions(self, user_id: int) -> None:
        self.transport.send("DELETE", f"/users/{user_id}/sessions")
