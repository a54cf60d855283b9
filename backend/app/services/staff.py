"""What administrators do with the accounts of others."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core.security import new_session_token, token_digest
from app.crud import crud_appointment, crud_login, crud_user
from app.domain.errors import AppointmentsAffected, NotSignedIn, OwnAccount
from app.domain.people import Actor, Role
from app.domain.policies import check_is_admin
from app.models import User
from app.services import audit, diary
from app.services.accounts import patient_id_of
from app.services.audit import Deed

INVITATION_LIFETIME = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation with its token, which is shown only once."""

    token: str
    expires_at: datetime


def change_account(
    session: Session, actor: Actor, *, user_id: int, changes: dict[str, Any], now: datetime
) -> User:
    """Set the role, the approval or the activity of an account.

    A change of role, or a deactivation, ends the person's sessions at once.

    Raises:
        Forbidden, NotFound: the actor is not an admin; there is no such account.
        OwnAccount: admins neither deactivate nor demote themselves.
        AppointmentsAffected: a doctor with booked patients is to be something else.
        NotSignedIn: another admin has just deactivated or demoted the actor.
    """
    check_is_admin(actor)
    crud_user.lock_diaries(session, user_ids={actor.id, user_id})
    _check_is_still_admin(session, actor)
    before = crud_user.get_user(session, user_id=user_id)
    old_role, was_active = before.role, before.is_active
    if user_id == actor.id:
        raise OwnAccount
    if changes.get("role", old_role) is not old_role:
        booked = crud_appointment.list_upcoming(session, doctor_id=user_id, now=now)
        if booked:
            raise AppointmentsAffected([diary.as_booked_visit(row) for row in booked])
    user = crud_user.update_user(session, user_id, changes=changes)
    if user.role is not old_role or (was_active and not user.is_active):
        crud_login.delete_login_sessions(session, user_id=user_id)
    deed = Deed("account.administer", "user", user.id, patient_id_of(user), fields=changes)
    audit.record(session, deed, by=actor, now=now)
    return user


def invite_doctor(session: Session, actor: Actor, *, now: datetime) -> NewInvitation:
    """Let one doctor register within two weeks. Raises Forbidden for others than admins."""
    check_is_admin(actor)
    token = new_session_token()
    invitation = crud_user.create_invitation(
        session,
        token_digest=token_digest(token),
        created_by=actor.id,
        created_at=now,
        expires_at=now + INVITATION_LIFETIME,
    )
    deed = Deed("doctor.invite", "invitation", invitation.id)
    audit.record(session, deed, by=actor, now=now)
    return NewInvitation(token, invitation.expires_at)


def _check_is_still_admin(session: Session, actor: Actor) -> None:
    """Of two admins who demote each other at once, the second must not succeed.

    Whoever changes an account is an active admin when the change is committed, and cannot be its
    target: an active admin is left after every change.
    """
    present = crud_user.get_user(session, user_id=actor.id)
    if not present.is_active or present.role is not Role.ADMIN:
        raise NotSignedIn
