"""Which passwords are accepted."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.breached_passwords import BreachedPasswords
from app.core.common_passwords import CommonPasswords
from app.core.config import PasswordPolicy, Settings
from app.core.security import MAX_PASSWORD_BYTES, normalized
from app.domain.errors import InvalidInput
from app.domain.passwords import weakness

MINIMUM_LENGTH = {PasswordPolicy.DOCUMENT: 7, PasswordPolicy.ASVS: 8, PasswordPolicy.NIST: 15}
COMMON = CommonPasswords()


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """What a clinic demands of passwords; `breached` is a service, if one is set."""

    policy: PasswordPolicy
    clinic_name: str = ""
    breached: BreachedPasswords | None = None


def password_rules_of(settings: Settings) -> PasswordRules:
    """The rules of these settings."""
    url = settings.breached_passwords_url
    breached = BreachedPasswords(url) if url else None
    return PasswordRules(settings.password_policy, settings.clinic_name, breached)


def check_password(
    password: str, rules: PasswordRules, *, names: Iterable[str], field: str = "password"
) -> None:
    """Raise InvalidInput, naming `field`, for a password that the rules do not accept.

    `names` are those of the account: its user name, e-mail address and full name. Length counts
    characters; there are no rules of composition. bcrypt reads 72 bytes: a longer password is
    refused, never shortened.
    """
    kept = normalized(password)
    shortest = MINIMUM_LENGTH[rules.policy]
    if min(len(password), len(kept)) < shortest:
        raise InvalidInput(field, f"Use a password of {shortest} characters or more.")
    if len(kept.encode()) > MAX_PASSWORD_BYTES:
        raise InvalidInput(field, f"Use a password of at most {MAX_PASSWORD_BYTES} bytes.")
    if rules.policy is PasswordPolicy.DOCUMENT:
        return
    personal = (*names, rules.clinic_name)
    reason = weakness(kept, shortest=shortest, personal=personal, is_common=COMMON.__contains__)
    if reason is not None:
        raise InvalidInput(field, reason)


async def check_not_breached(
    password: str, rules: PasswordRules, *, field: str = "password"
) -> None:
    """Raise InvalidInput, naming `field`, for a password that the service lists.

    Call it outside of the hashing lane: the service may be slow.
    """
    if rules.breached is None or rules.policy is PasswordPolicy.DOCUMENT:
        return
    if await rules.breached.has(normalized(password)):
        raise InvalidInput(field, "This password is known from a data breach. Use another one.")
