"""Registration, login and one's own sessions."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import httpx
from pydantic import TypeAdapter

from ui.api.models import Session, SignedIn, User
from ui.api.transport import Transport, given, parse, unexpected
from ui.config import settings

_USER: Final = TypeAdapter(User)
_SIGNED_IN: Final = TypeAdapter(SignedIn)
_SESSIONS: Final = TypeAdapter(list[Session])


class NewSession(NamedTuple):
    """A new session: its token, the device cookie, and the answer of the API."""

    token: str
    device: str | None
    signed_in: SignedIn


@dataclass(frozen=True)
class Auth:
    transport: Transport

    def register(
        self,
        *,
        username: str,
        email: str,
        full_name: str,
        password: str,
        role: str,
        phone: str | None = None,
        specialty: str | None = None,
        invitation: str | None = None,
    ) -> User:
        body = {
            "username": username,
            "email": email,
            "full_name": full_name,
            "password": password,
            "role": role,
            "phone": phone,
            "specialty": specialty,
            "invitation": invitation,
        }
        return parse(_USER, self.transport.send("POST", "/auth/register", json=given(body)))

    def login(self, username: str, password: str) -> NewSession:
        body = {"username": username, "password": password}
        return _new_session(self.transport.send("POST", "/auth/login", json=body))

    def logout(self) -> None:
        self.transport.send("POST", "/auth/logout")

    def logout_all(self) -> None:
        self.transport.send("POST", "/auth/logout-all")

    def me(self) -> SignedIn:
        return parse(_SIGNED_IN, self.transport.send("GET", "/auth/me"))

    def sessions(self) -> list[Session]:
        return parse(_SESSIONS, self.transport.send("GET", "/auth/sessions"))

    def revoke_session(self, session_id: int) -> None:
        self.transport.send("DELETE", f"/auth/sessions/{session_id}")

    def change_password(self, current_password: str, new_password: str) -> NewSession:
        """The session that replaces this one; all others have ended."""
        body = {"current_password": current_password, "new_password": new_password}
        return _new_session(self.transport.send("POST", "/auth/password", json=body))


def _new_session(answer: httpx.Response) -> NewSession:
    token = answer.cookies.get(settings().session_cookie)
    if not token:
        raise unexpected(answer)
    device = answer.cookies.get(settings().device_cookie)
    return NewSession(token, device, parse(_SIGNED_IN, answer))
