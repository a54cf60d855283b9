"""Proofs: a password checked against what the account stores when the transaction writes."""

from sqlalchemy.orm import Session

from app.core.security import PasswordHasher
from app.crud import crud_user
from app.models.models import User


def prove(
    writing: Session,
    user: User | None,
    *,
    hasher: PasswordHasher,
    password: str,
    new_password: str | None = None,
) -> User | None:
    """The account, locked until `writing` ends, or None when the password is wrong.

    Every hash is computed before the lock is taken, so that no other transaction waits for it. The
    password may change in that time: the stored hash is compared again under the lock and, where it
    is another one, the password is checked once more against that. Nothing may have been written
    in `writing` before.

    What is stored is replaced by the hash of `new_password`, or of `password` when it is outdated.
    """
    user_id, stored = (user.id, user.hashed_password) if user else (None, None)
    while hasher.verify(password, stored) and user_id and stored:
        renewed = _renewed_hash(hasher, stored, password, new_password)
        locked = crud_user.lock_user(writing, user_id=user_id, shared=renewed is None)
        if locked.hashed_password == stored:
            changes = {"hashed_password": renewed}
            return crud_user.update_user(writing, user_id, changes=changes) if renewed else locked
        stored = locked.hashed_password
        writing.rollback()
    return None


def _renewed_hash(
    hasher: PasswordHasher, stored: str, password: str, new_password: str | None
) -> str | None:
    if new_password is not None:
        return hasher.hash(new_password)
    return hasher.hash(password) if hasher.is_outdated(stored, password) else None
