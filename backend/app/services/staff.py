"""What administrators do with the accounts of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core.security import new_session_token, token_digest
from app.crud import crud_appointment, crud_invitation, crud_login, crud_user
from app.domain.errors import AppointmentsAffected, NotFound, NotSignedIn, OwnAccount
from app.domain.people import Actor, Role
from app.domain.policies import check_is_admin
from app.models.models import Invitation, User
from app.services import audit, diary
from app.services.accounts import check_profession, check_times_stay, patient_id_of
from app.services.audit import AuditEvent
from app.services.logins import SessionLimits

INVITATION_LIFETIME = timedelta(days=14)
STILL_BOOKED = "This person has booked appointments that are not over. Cancel them first."


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation with its token, which is shown only once."""

    id: int
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSessions:
    """The live sessions of a person: how many, and when one was used last."""

    count: int
    last_seen_at: datetime | None
    patient_id: int | None


def change_account(
    session: Session, actor: Actor, *, user_id: int, changes: dict[str, Any], now: datetime
) -> User:
    """Set the role, the approval, the activity or the time zone of an account.

    A change of role, or a deactivation, ends the person's sessions at once, and the invitations
    of an admin.

    Raises:
        Forbidden, NotFound: the actor is not an admin; there is no such account.
        InvalidInput: only doctors have a time zone.
        OwnAccount: admins neither deactivate nor demote themselves.
        AppointmentsAffected: a doctor with booked visits that are not over is to leave, to lose
            the approval or to be something else, or a patient with such visits is to leave; or in
            the doctor's new time zone booked visits have other times.
        NotSignedIn: another admin has just deactivated or demoted the actor.
    """
    check_is_admin(actor)
    crud_user.lock_bookings(session, patient_id=user_id)
    crud_user.lock_exclusive(session, user_ids={actor.id, user_id})
    _check_is_still_admin(session, actor)
    before = crud_user.get_user(session, user_id=user_id)
    old_role, was_active = before.role, before.is_active
    if user_id == actor.id:
        raise OwnAccount
    check_profession(changes.get("role", old_role), changes)
    _check_nobody_is_stranded(session, before, changes, now=now)
    check_times_stay(session, before, changes, now=now)
    user = crud_user.update_user(session, user_id, changes=changes)
    if user.role is not old_role or (was_active and not user.is_active):
        crud_login.delete_login_sessions(session, user_id=user_id)
    ended = () if _is_active_admin(user) else _end_invitations_of(session, user, now=now)
    event = AuditEvent(
        "account.administer",
        "user",
        user.id,
        patient_id=user.id if Role.PATIENT in {old_role, user.role} else None,
        fields=audit.told(changes),
    )
    audit.record(session, event, *ended, by=actor, now=now)
    return user


def count_sessions(
    session: Session, actor: Actor, *, user_id: int, limits: SessionLimits, now: datetime
) -> OpenSessions:
    """Where a person is logged in, in numbers. Raises Forbidden and NotFound."""
    check_is_admin(actor)
    user = crud_user.get_user(session, user_id=user_id)
    live = crud_login.list_live_login_sessions(
        session, user_id=user.id, now=now, idle_since=now - limits.idle
    )
    return OpenSessions(
        len(live), max((login.last_seen_at for login in live), default=None), patient_id_of(user)
    )


def end_sessions(session: Session, actor: Actor, *, user_id: int, now: datetime) -> None:
    """End every session of a person. Raises Forbidden and NotFound."""
    check_is_admin(actor)
    user = crud_user.get_user(session, user_id=user_id)
    crud_login.delete_login_sessions(session, user_id=user.id)
    event = AuditEvent("login.end-all", "user", user.id, patient_id_of(user))
    audit.record(session, event, by=actor, now=now)


def invite_doctor(session: Session, actor: Actor, *, now: datetime) -> NewInvitation:
    """Let one doctor register within two weeks.

    Raises:
        Forbidden: the actor is not an admin.
        NotSignedIn: another admin has just deactivated or demoted the actor.
    """
    check_is_admin(actor)
    crud_user.lock_exclusive(session, user_ids={actor.id})
    _check_is_still_admin(session, actor)
    token = new_session_token()
    invitation = crud_invitation.create_invitation(
        session,
        token_digest=token_digest(token),
        created_by=actor.id,
        expires_at=now + INVITATION_LIFETIME,
        now=now,
    )
    event = AuditEvent("doctor.invite", "invitation", invitation.id)
    audit.record(session, event, by=actor, now=now)
    return NewInvitation(invitation.id, token, invitation.expires_at)


def open_invitations(session: Session, actor: Actor, *, now: datetime) -> Sequence[Invitation]:
    """The invitations that can still be used, the newest first. Raises Forbidden."""
    check_is_admin(actor)
    return crud_invitation.list_open_invitations(session, now=now)


def revoke_invitation(session: Session, actor: Actor, *, invitation_id: int, now: datetime) -> None:
    """End an invitation that any admin created.

    Raises:
        Forbidden: the actor is not an admin.
        NotFound: there is none that can still be used.
    """
    check_is_admin(actor)
    if not crud_invitation.end_invitation(session, invitation_id=invitation_id, now=now):
        raise NotFound("There is no such invitation, or it has ended.")
    audit.record(session, _revocation(invitation_id), by=actor, now=now)


def _check_nobody_is_stranded(
    session: Session, user: User, changes: dict[str, Any], *, now: datetime
) -> None:
    """Raise AppointmentsAffected for visits that would lose their doctor or their patient.

    Who becomes something else stays the patient of their own visits: see `party_of`.
    """
    leaves = user.is_active and not changes.get("is_active", True)
    ceases_to_see_patients = (
        leaves
        or changes.get("role", user.role) is not user.role
        or (user.is_approved and not changes.get("is_approved", True))
    )
    if not ceases_to_see_patients:
        return
    booked = crud_appointment.list_upcoming(
        session, doctor_id=user.id, patient_id=user.id if leaves else None, now=now
    )
    if booked:
        raise AppointmentsAffected([diary.as_booked_visit(row) for row in booked], STILL_BOOKED)


def _end_invitations_of(session: Session, author: User, *, now: datetime) -> list[AuditEvent]:
    """End the invitations of somebody who is no active admin any more."""
    ended = crud_invitation.end_invitations_of(session, author_id=author.id, now=now)
    return [_revocation(invitation_id) for invitation_id in ended]


def _revocation(invitation_id: int) -> AuditEvent:
    return AuditEvent("invitation.revoke", "invitation", invitation_id)


def _is_active_admin(user: User) -> bool:
    return user.is_active and user.role is Role.ADMIN


def _check_is_still_admin(session: Session, actor: Actor) -> None:
    """Of two admins who demote each other at once, the second must not succeed.

    The actor is an active admin when the change is committed, and cannot be its target: an active
    admin is left after every change.
    """
    present = crud_user.get_user(session, user_id=actor.id)
    if not _is_active_admin(present):
        raise NotSignedIn
