"""Who acts, and how names are told apart."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from app.domain.text import as_identity


class Role(StrEnum):
    PATIENT = "patient"
    DOCTOR = "doctor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: its network address, and the id under which it is logged.

    Both are None for what is done on the command line.
    """

    address: str | None = None
    request_id: str | None = None


COMMAND_LINE = Origin()


@dataclass(frozen=True, slots=True)
class Actor:
    """The person on whose behalf something is done, and by which request."""

    id: int
    role: Role
    origin: Origin = COMMAND_LINE

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN


def identity_key(name: str) -> str:
    """The form in which two user names or e-mail addresses are compared.

    Equal for names that differ only in case, in Unicode form or in characters that nobody sees:
    the compatibility caseless match of the Unicode Standard, section 3.13 (D146), which is that
    of identifiers (D147) when default ignorable characters are left out.
    """
    decomposed = unicodedata.normalize("NFD", as_identity(name))
    once = unicodedata.normalize("NFKD", decomposed.casefold())
    return unicodedata.normalize("NFKD", once.casefold())
