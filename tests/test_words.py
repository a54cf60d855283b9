"""Every code of the API has a sentence for people on the pages."""

import re
from pathlib import Path

from app.domain.errors import DomainError
from app.http import errors as http_errors
from ui.api.errors import SENTENCES
from ui.audit.wording import ACTIONS

APP = Path(__file__).parents[1] / "backend" / "app"
ACTION = re.compile(r'"((?!http\.)[a-z]+\.[a-z-]+)"')  # those of `http.` are ASGI's
TOLD_BY_THE_API = {
    "invalid_input",  # which field, and why
    "too_many_attempts",  # for how long
    "unsupported_media_type",  # the pages send JSON only
}


def test_every_action_of_the_audit_log_has_words() -> None:
    sources = [
        *(APP / "services").glob("*.py"),
        *(APP / "api").rglob("*.py"),
        *(APP / "http").glob("*.py"),
        *(APP / "features").rglob("*.py"),
    ]
    written = {name for source in sources for name in ACTION.findall(source.read_text())}
    assert written == set(ACTIONS)


def test_every_refusal_has_a_sentence() -> None:
    assert http_errors.CsrfFailed.code in codes(DomainError)
    assert codes(DomainError) - set(SENTENCES) == TOLD_BY_THE_API


def codes(refusal: type[DomainError]) -> set[str]:
    """The codes of a class and of all that inherit from it."""
    own = {refusal.code} if "code" in vars(refusal) else set()
    return own.union(*map(codes, refusal.__subclasses__()))
