"""Statements about accounts."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    and_,
    exists,
    false,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, aliased

from app.db.database import LANGUAGE
from app.db.functions import lock_until_commit
from app.db.statements import Parameter, Statement, Transaction
from app.db.transactions import execute
from app.db.writes import insert_unless_refused, lock_key, update_unless_refused
from app.domain.errors import EmailTaken, NotFound, UsernameTaken
from app.domain.names import search_key, searched_words, text_key
from app.domain.people import Actor, Role
from app.models.models import Appointment, User

ROWS_AT_ONCE = 1000
DEFAULT_LANGUAGE = "en"
NAMES = ("full_name", "username", "email")
LISTED = and_(User.role == Role.DOCTOR, User.is_active, User.is_approved)

_ACTIVE = Statement(
    select(User.id).where(
        User.id == Parameter("user_id"),
        User.role == Parameter("role", User.role.type),
        User.is_active,
    )
)
_patient = aliased(User)
_LOCK_SHARED = Statement(
    select(
        User.timezone,
        User.full_name.label("doctor_name"),
        User.specialty,
        _patient.full_name.label("patient_name"),
        _patient.email,
        _patient.phone,
        lock_until_commit(Parameter("bookings_lock")),
    )
    .join(_patient, _patient.id == Parameter("patient_id"))
    .where(User.id == Parameter("doctor_id"), LISTED)
    .with_for_update(read=True, of=User)
)
_LOCK_BOOKINGS = Statement(select(lock_until_commit(Parameter("bookings_lock"))))


class Parties(NamedTuple):
    """What a doctor and a patient may know of each other, and the doctor's zone."""

    timezone: str
    doctor_name: str
    specialty: str | None
    patient_name: str
    email: str
    phone: str | None


def create_user(session: Session, **values: Any) -> User:
    """Insert an account.

    Raises:
        UsernameTaken, EmailTaken: another account has the same name, compared by its key.
    """
    keys = _keys_of(session, values)
    user_id = insert_unless_refused(
        session, User, {"is_active": True, "is_approved": True, **values, **keys}
    )
    if user_id is None:
        raise _refusal(session, username_key=values["username_key"])
    return session.get_one(User, user_id)


def update_user(session: Session, user_id: int, *, changes: dict[str, Any]) -> User:
    """Change columns of an account. Raises EmailTaken when its new address is another's."""
    keys = _keys_of(session, changes, before=session.get_one(User, user_id))
    statement = update(User).where(User.id == user_id).values(**changes, **keys)
    if not update_unless_refused(session, statement):
        raise EmailTaken
    return session.get_one(User, user_id, populate_existing=True)


def has_users(session: Session) -> bool:
    """Whether anybody has an account."""
    return session.scalar(select(User.id).limit(1)) is not None


def find_user_by_login(session: Session, *, key: str) -> User | None:
    """The account whose user name or e-mail address has this key."""
    return session.scalars(
        select(User)
        .where(or_(User.username_key == key, User.email_key == key))
        .order_by(User.username_key != key)
        .limit(1)
    ).first()


def check_is_active(session: Transaction, *, user_id: int, role: Role) -> None:
    """Raise NotFound unless there is an active account of this role."""
    if not execute(session, _ACTIVE, user_id=user_id, role=role):
        raise NotFound(f"There is no such {role.value}.")


def list_doctors(session: Session) -> Sequence[User]:
    """The doctors that patients can book, by name."""
    return session.scalars(select(User).where(LISTED).order_by(User.search_key, User.id)).all()


def get_listed_doctor(session: Session, *, doctor_id: int) -> User:
    """A doctor that patients can book. Raises NotFound."""
    doctor = session.scalars(select(User).where(User.id == doctor_id, LISTED)).one_or_none()
    if doctor is None:
        raise NotFound("There is no such doctor.")
    return doctor


def get_patient_visible_to(session: Session, *, actor: Actor, patient_id: int) -> User:
    """A patient, for themselves, for doctors with an appointment and for admins. NotFound else.

    Who has an appointment as a patient is one, whatever their role has become.
    """
    has_visit = exists().where(Appointment.patient_id == patient_id)
    is_visible: ColumnElement[bool]
    if actor.is_admin or actor.id == patient_id:
        is_visible = or_(User.role == Role.PATIENT, has_visit)
    elif actor.role is Role.DOCTOR:
        is_visible = has_visit.where(Appointment.doctor_id == actor.id)
    else:
        is_visible = false()
    patient = session.scalars(select(User).where(User.id == patient_id, is_visible)).one_or_none()
    if patient is None:
        raise NotFound("There is no such patient among yours.")
    return patient


def get_user(session: Session, *, user_id: int) -> User:
    """Any account. Raises NotFound."""
    user = session.get(User, user_id, populate_existing=True)
    if user is None:
        raise NotFound("There is no such account.")
    return user


def lock_user(session: Session, *, user_id: int, shared: bool) -> User:
    """An account as it is now; it stays so until the transaction ends. Raises NotFound.

    A shared lock goes together with the lock of bookings (`lock_shared`) and with other shared
    ones. Take an exclusive lock if you are going to change the account.
    """
    user = session.get(
        User,
        user_id,
        populate_existing=True,
        with_for_update={"read": shared, "key_share": not shared},
    )
    if user is None:
        raise NotFound("There is no such account.")
    return user


def list_users(
    session: Session,
    *,
    ids: Sequence[int] | None,
    role: Role | None,
    is_active: bool | None,
    is_approved: bool | None,
    name: str | None,
    after: int,
    limit: int,
) -> Sequence[User]:
    """A page of the accounts behind the one with the id `after`, by name.

    `name` has words, of which each must be part of the name, the user name or the e-mail address,
    in any order, case and spelling of accents.
    """
    exact = {User.role: role, User.is_active: is_active, User.is_approved: is_approved}
    filters = [column == value for column, value in exact.items() if value is not None]
    if ids is not None:
        filters.append(User.id.in_(ids))
    if name:
        filters += _found_by(name)
    if after:
        position = select(User.search_key).where(User.id == after).scalar_subquery()
        filters.append(tuple_(User.search_key, User.id) > tuple_(position, literal(after)))
    page = select(User).where(*filters).order_by(User.search_key, User.id).limit(limit)
    return session.scalars(page).all()


def lock_shared(session: Transaction, *, doctor_id: int, patient_id: int) -> Parties:
    """A bookable doctor, whose hours stay as they are until the transaction ends, and a patient.

    Bookings with a doctor share this lock; `lock_exclusive` waits for all of them. Those of one
    patient, and `lock_bookings`, wait for each other. Raises NotFound.
    """
    rows = execute(
        session,
        _LOCK_SHARED,
        doctor_id=doctor_id,
        patient_id=patient_id,
        bookings_lock=_bookings_lock(patient_id),
    )
    if not rows:
        raise NotFound("There is no such doctor.")
    *parties, _ = rows[0]
    return Parties(*parties)


def lock_bookings(session: Session, *, patient_id: int) -> None:
    """Let nobody book for a patient until the transaction ends. Comes before `lock_exclusive`."""
    execute(session, _LOCK_BOOKINGS, bookings_lock=_bookings_lock(patient_id))


def lock_exclusive(session: Session, *, user_ids: set[int]) -> None:
    """Take the diaries of these people, in the order of their ids, for this transaction alone."""
    session.execute(
        select(User.id)
        .where(User.id.in_(user_ids))
        .order_by(User.id)
        .with_for_update(key_share=True)
    )


def renew_search_keys(session: Session) -> int:
    """Write the search keys that follow another language's alphabet anew; return their number."""
    language = _language_of(session)
    stale = select(User.id, *(getattr(User, name) for name in NAMES)).where(
        User.search_language != language
    )
    renewed = 0
    while rows := session.execute(stale.order_by(User.id).limit(ROWS_AT_ONCE)).mappings().all():
        session.execute(
            update(User),
            [
                {
                    "id": row["id"],
                    "search_key": search_key(**{n: row[n] for n in NAMES}, language=language),
                    "search_language": language,
                }
                for row in rows
            ],
        )
        renewed += len(rows)
    return renewed


def _language_of(session: Session) -> str:
    language: str = session.info.get(LANGUAGE, DEFAULT_LANGUAGE)
    return language


def _bookings_lock(patient_id: int) -> int:
    return lock_key(f"bookings:{patient_id}")


def _refusal(session: Session, *, username_key: str) -> UsernameTaken | EmailTaken:
    taken = session.scalar(select(User.id).where(User.username_key == username_key))
    return EmailTaken() if taken is None else UsernameTaken()


def _found_by(name: str) -> list[ColumnElement[bool]]:
    """One condition a word of a search; a search without words finds nobody."""
    words = searched_words(name)
    if not words:
        return [false()]
    return [
        or_(*(User.search_key.contains(spelling) for spelling in spellings)) for spellings in words
    ]


def _keys_of(
    session: Session, values: Mapping[str, Any], *, before: User | None = None
) -> dict[str, str | None]:
    """The keys by which these values are searched; `before` has the names that do not change."""
    keys: dict[str, str | None] = {}
    if values.keys() & set(NAMES):
        names = {name: values.get(name, getattr(before, name, "")) for name in NAMES}
        language = _language_of(session)
        keys["search_key"] = search_key(**names, language=language)
        keys["search_language"] = language
    if "specialty" in values:
        keys["specialty_key"] = text_key(values["specialty"]) if values["specialty"] else None
    return keys
