"""Doctors as everybody may see them, and one's own account."""

from fastapi import APIRouter

from app.api.errors import documented
from app.api.v1.dependencies import Now, Person, Reading, Writing
from app.crud import crud_user
from app.domain.people import Role
from app.schemas.fields import Id
from app.schemas.schemas import DoctorAnswer, ProfileChanges, UserAnswer
from app.services import accounts

router = APIRouter(prefix="/users", tags=["users"])


@router.get("/doctors", responses=documented())
def doctors(session: Reading) -> list[DoctorAnswer]:
    """The doctors of the clinic, by name."""
    return [DoctorAnswer.model_validate(doctor) for doctor in crud_user.list_doctors(session)]


@router.get("/doctors/{doctor_id}", responses=documented(404))
def doctor(doctor_id: Id, session: Reading) -> DoctorAnswer:
    """One doctor."""
    found = crud_user.get_active_user(session, user_id=doctor_id, role=Role.DOCTOR)
    return DoctorAnswer.model_validate(found)


@router.get("/me", responses=documented(401))
def my_account(who: Person) -> UserAnswer:
    """One's own account."""
    return UserAnswer.model_validate(who.user)


@router.patch("/me", responses=documented(401, 403, 409, 413, 415))
def change_my_account(body: ProfileChanges, who: Person, session: Writing, now: Now) -> UserAnswer:
    """Change one's own account. Only the fields that are sent change."""
    changes = body.model_dump(exclude_unset=True)
    return UserAnswer.model_validate(
        accounts.update_profile(session, who, changes=changes, now=now)
    )
