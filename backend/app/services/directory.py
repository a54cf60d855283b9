"""Reading accounts: doctors for everybody, patients for their doctors, all of them for admins."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.crud import crud_user
from app.domain.people import Actor, Role
from app.domain.policies import check_is_admin
from app.models.models import User


def list_doctors(session: Session) -> Sequence[User]:
    """Return the doctors that patients can book, by name."""
    return crud_user.list_doctors(session)


def get_doctor(session: Session, *, doctor_id: int) -> User:
    """Return a doctor that patients can book. Raises NotFound."""
    return crud_user.get_listed_doctor(session, doctor_id=doctor_id)


def get_own_account(session: Session, actor: Actor) -> User:
    """Return the actor's account."""
    return crud_user.get_user(session, user_id=actor.id)


def get_patient(session: Session, actor: Actor, *, patient_id: int) -> User:
    """Return a patient.

    Raises NotFound for everybody but the patient, doctors with an appointment with them and admins.
    """
    return crud_user.get_patient_visible_to(session, actor=actor, patient_id=patient_id)


def list_accounts(
    session: Session,
    actor: Actor,
    *,
    ids: Sequence[int] | None,
    role: Role | None,
    is_active: bool | None,
    is_approved: bool | None,
    name: str | None,
    after: int,
    limit: int,
) -> Sequence[User]:
    """Return a page of the accounts behind the one with the id `after`, by name.

    Raises Forbidden for everybody but admins.
    """
    check_is_admin(actor)
    return crud_user.list_users(
        session,
        ids=ids,
        role=role,
        is_active=is_active,
        is_approved=is_approved,
        name=name,
        after=after,
        limit=limit,
    )


def renew_order(session: Session) -> int:
    """Sort the accounts by the clinic's language, which may have changed; return how many moved.

    "Moved" are those whose key followed another language.
    """
    return crud_user.renew_search_keys(session)
