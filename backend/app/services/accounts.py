"""Accounts: how they come to be, and what their owners change of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.config import DoctorRegistration
from app.core.phones import stored_phone
from app.core.security import PasswordHasher, token_digest
from app.crud import crud_appointment, crud_invitation, crud_user
from app.domain.errors import (
    AppointmentsAffected,
    EmailTaken,
    EmailUnavailable,
    InvalidInput,
    InvitationNeeded,
    NotSignedIn,
    TooManyAttempts,
    UsernameTaken,
    WrongPresentPassword,
)
from app.domain.people import Actor, Origin, Role, identity_key
from app.domain.time.wall_clock import to_minute, wall_clock_at
from app.models.models import User
from app.services import audit, diary, throttle
from app.services.audit import AuditEvent
from app.services.logins import SignedIn
from app.services.passwords import PasswordRules, check_password
from app.services.proofs import prove

KEY_LENGTH = 508
PROFESSIONAL_FIELDS = {"specialty": "specialty", "timezone": "time zone"}


@dataclass(frozen=True, slots=True)
class RegistrationRules:
    """The rules of registration.

    `country` is that of phone numbers without a country code; `hourly` is per network address.
    """

    hasher: PasswordHasher
    passwords: PasswordRules
    country: str
    doctors: DoctorRegistration
    hourly: int


def create_account(
    session: Session,
    *,
    hasher: PasswordHasher,
    rules: PasswordRules,
    origin: Origin,
    now: datetime,
    password: str,
    **account: Any,
) -> User:
    """Create an account of any role.

    Raises:
        InvalidInput: the password does not meet the rules, or a name is too long to compare.
        UsernameTaken, EmailTaken: in any spelling, whatever its case or Unicode form.
    """
    check_password(password, rules, names=_names_in(account))
    hashed = hasher.hash(password)
    return _add_account(session, origin=origin, now=now, hashed_password=hashed, **account)


def register(
    reading: Session,
    writing: Session,
    *,
    rules: RegistrationRules,
    origin: Origin,
    now: datetime,
    role: Role,
    password: str,
    invitation: str | None,
    phone: str | None,
    **account: Any,
) -> User:
    """Create an account for a person who registers.

    The password is hashed before the writing transaction begins. The attempt counts even when
    the name is taken or the invitation used up meanwhile; only an account uses an invitation up.

    Raises:
        TooManyAttempts: too many registrations came from this address.
        InvitationNeeded: doctors need one, and this one is unknown, used or too old.
        InvalidInput: also for a phone number that is none.
        UsernameTaken, EmailTaken: as `create_account`.
    """
    check_registrations(reading, rules=rules, origin=origin, now=now)
    is_doctor = role is Role.DOCTOR
    used = _find_invitation(reading, invitation, now=now) if is_doctor else None
    if is_doctor and used is None and rules.doctors is DoctorRegistration.INVITE:
        raise InvitationNeeded
    stored_as = _stored(phone, rules.country)
    check_password(password, rules.passwords, names=_names_in(account))
    hashed = rules.hasher.hash(password)
    _note_registration(writing, rules=rules, origin=origin, now=now)
    try:
        with writing.begin_nested():  # what is refused undoes the account, not the note
            user = _add_account(
                writing,
                origin=origin,
                now=now,
                role=role,
                hashed_password=hashed,
                invitation_id=used,
                phone=stored_as,
                is_approved=not is_doctor
                or used is not None
                or rules.doctors is DoctorRegistration.OPEN,
                **account,
            )
            if used is not None:
                _use_up(writing, invitation_id=used, now=now)
    except (UsernameTaken, EmailTaken, InvitationNeeded) as refusal:
        refusal.commit_on_error = True  # the attempt counts
        raise
    return user


def check_registrations(
    reading: Session, *, rules: RegistrationRules, origin: Origin, now: datetime
) -> None:
    """Raise TooManyAttempts when too many registrations came from an address."""
    address = str(origin.address)
    throttle.check_registrations(reading, address=address, hourly=rules.hourly, now=now)


@dataclass(frozen=True, slots=True)
class EmailRules:
    """The rules for a change of e-mail address; `hourly` is per account."""

    hasher: PasswordHasher
    hourly: int


def check_email_changes(
    reading: Session, who: SignedIn, *, rules: EmailRules, now: datetime
) -> None:
    """Raise TooManyAttempts when the person has to wait before the next change of address."""
    throttle.check_proofs(reading, session_id=who.login.id, now=now)
    throttle.check_email_changes(
        reading,
        user_id=who.actor.id,
        address=str(who.actor.origin.address),
        hourly=rules.hourly,
        now=now,
    )


def change_email(
    reading: Session,
    writing: Session,
    who: SignedIn,
    *,
    rules: EmailRules,
    password: str | None,
    changes: dict[str, Any],
    now: datetime,
) -> User:
    """Change one's own account, its e-mail address included.

    Without mail that proves who owns an address, a change can tell whether another account has it.
    So it needs the password, it is counted whether it succeeds or not, and its refusal does not say
    why.

    Raises:
        InvalidInput: the password is missing.
        TooManyAttempts: too many addresses, or wrong passwords in this session.
        WrongPresentPassword: the failure is counted.
        NotSignedIn: the account was deactivated meanwhile.
        EmailUnavailable: another account has the address.
        InvalidInput, AppointmentsAffected: as `update_profile`.
    """
    if not password:
        raise InvalidInput("current_password", "Enter your password to change your e-mail address.")
    check_email_changes(reading, who, rules=rules, now=now)
    address = str(who.actor.origin.address)
    user = crud_user.get_user(reading, user_id=who.actor.id)
    proven = prove(writing, user, hasher=rules.hasher, password=password)
    if proven is None:
        throttle.note_wrong_proof(
            writing,
            session_id=who.login.id,
            account_key=user.username_key,
            address=address,
            now=now,
        )
        raise WrongPresentPassword
    if not proven.is_active:
        raise NotSignedIn
    throttle.note_email_change(writing, user_id=user.id, address=address, now=now)
    return update_profile(writing, who.actor, changes=changes, now=now)


def _note_registration(
    session: Session, *, rules: RegistrationRules, origin: Origin, now: datetime
) -> None:
    """Count a registration, and record that the address has to wait from now on if it does."""
    throttle.note_registration(session, address=str(origin.address), now=now)
    try:
        check_registrations(session, rules=rules, origin=origin, now=now)
    except TooManyAttempts as limit:
        event = AuditEvent("account.create", "user")
        audit.record(session, event, by=origin, now=now, outcome=limit.code)


def update_profile(
    session: Session, actor: Actor, *, changes: dict[str, Any], now: datetime
) -> User:
    """Change one's own contact data and, for a doctor, the public profile.

    Raises:
        InvalidInput: only doctors have a specialty and a time zone.
        EmailUnavailable: another account has the address.
        AppointmentsAffected: in the doctor's new time zone booked visits have other times.
    """
    check_profession(actor.role, changes)
    if "timezone" in changes:
        crud_user.lock_exclusive(session, user_ids={actor.id})
        check_times_stay(session, crud_user.get_user(session, user_id=actor.id), changes, now=now)
    if "email" in changes:
        changes = {**changes, "email_key": _key("email", changes["email"])}
    try:
        user = crud_user.update_user(session, actor.id, changes=changes)
    except EmailTaken:
        raise EmailUnavailable from None
    event = AuditEvent("account.change", "user", user.id, patient_id_of(user), fields=changes)
    audit.record(session, event, by=actor, now=now)
    return user


def check_profession(role: Role, changes: Mapping[str, Any]) -> None:
    """Raise InvalidInput for what only doctors have, unless `role` is theirs."""
    for field in sorted(PROFESSIONAL_FIELDS.keys() & changes.keys()):
        if role is not Role.DOCTOR:
            raise InvalidInput(field, f"Only doctors have a {PROFESSIONAL_FIELDS[field]}.")


def check_times_stay(
    session: Session, user: User, changes: Mapping[str, Any], *, now: datetime
) -> None:
    """Raise AppointmentsAffected unless booked visits keep their times in a new time zone.

    So a zone is replaced by its new name, and one that does not exist by the one that was meant.
    The user's diary must be locked.
    """
    if changes.get("timezone", user.timezone) == user.timezone:
        return
    zone = diary.zone_named(changes["timezone"])
    affected = [
        diary.as_booked_visit(row)
        for row in crud_appointment.list_upcoming(session, doctor_id=user.id, now=now)
        if wall_clock_at(to_minute(row.starts_at), zone)
        != (row.appointment_date, row.appointment_time)
    ]
    if affected:
        raise AppointmentsAffected(affected)


def with_stored_phone(changes: dict[str, Any], *, country: str) -> dict[str, Any]:
    """Return the changes with the phone number, if any, as it is stored. Raises InvalidInput."""
    if "phone" not in changes:
        return changes
    return {**changes, "phone": _stored(changes["phone"], country)}


def patient_id_of(user: User) -> int | None:
    """Whose data an account is, in the audit log: the patient's, if it is one."""
    return user.id if user.role is Role.PATIENT else None


def _add_account(
    session: Session,
    *,
    origin: Origin,
    now: datetime,
    username: str,
    email: str,
    invitation_id: int | None = None,
    **more: Any,
) -> User:
    user = crud_user.create_user(
        session,
        username=username,
        username_key=_key("username", username),
        email=email,
        email_key=_key("email", email),
        created_at=now,
        **more,
    )
    given: dict[str, object] = {"role": user.role}
    if invitation_id is not None:
        given["invitation"] = invitation_id
    event = AuditEvent(
        "account.create", "user", user.id, patient_id_of(user), fields=audit.told(given)
    )
    audit.record(session, event, by=origin, now=now)
    return user


def _find_invitation(session: Session, token: str | None, *, now: datetime) -> int | None:
    if token is None:
        return None
    return crud_invitation.find_open_invitation(session, token_digest=token_digest(token), now=now)


def _use_up(session: Session, *, invitation_id: int, now: datetime) -> None:
    """End an invitation. Raises InvitationNeeded when it ended while the password was hashed."""
    if not crud_invitation.end_invitation(session, invitation_id=invitation_id, now=now):
        raise InvitationNeeded


def _stored(phone: str | None, country: str) -> str | None:
    return None if phone is None else stored_phone(phone, country=country)


def _names_in(account: Mapping[str, Any]) -> list[str]:
    return [account[field] for field in ("username", "email", "full_name")]


def _key(field: str, name: str) -> str:
    key = identity_key(name)
    if len(key) > KEY_LENGTH:
        raise InvalidInput(field, "This is too long.")
    return key
