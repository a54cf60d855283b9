"""Doctors as everybody may see them, one's own account, and what admins do with others."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool

from app.api.v1.dependencies import (
    AccountOwner,
    App,
    CurrentActor,
    Now,
    Reading,
    Recording,
    Writing,
)
from app.domain.people import Role
from app.http.problems import documented
from app.http.refusals import audited
from app.http.transactions import (
    TransactionRoute,
    before_hashing,
    ending_transactions,
    in_hashing_lane,
)
from app.schemas.fields import Id, SearchedName
from app.schemas.schemas import (
    AccountChanges,
    DoctorAnswer,
    InvitationAnswer,
    OpenInvitationAnswer,
    OpenSessionsAnswer,
    PatientAnswer,
    ProfileChanges,
    UserAnswer,
)
from app.services import accounts, directory, staff
from app.services.audit import AuditEvent

MOST_ACCOUNTS = 200

router = APIRouter(prefix="/users", tags=["users"], route_class=TransactionRoute)


@router.get("/doctors", responses=documented())
def doctors(session: Reading) -> list[DoctorAnswer]:
    """The doctors of the clinic, by name."""
    return [DoctorAnswer.model_validate(doctor) for doctor in directory.list_doctors(session)]


@router.get("/doctors/{doctor_id}", responses=documented(404))
def doctor(doctor_id: Id, session: Reading) -> DoctorAnswer:
    """One doctor."""
    return DoctorAnswer.model_validate(directory.get_doctor(session, doctor_id=doctor_id))


@router.get("/me", responses=documented(401))
@audited("account.read", "user")
def my_account(actor: CurrentActor, session: Reading) -> UserAnswer:
    """One's own account."""
    return UserAnswer.model_validate(directory.get_own_account(session, actor))


@router.patch("/me", responses=documented(401, 403, 409, 413, 415, 429))
@audited("account.change", "user")
async def change_my_account(
    body: ProfileChanges,
    who: AccountOwner,
    app: App,
    reading: Reading,
    writing: Writing,
    now: Now,
) -> UserAnswer:
    """Change one's own account. Only the fields that are sent change.

    A change of `email` needs `current_password`; only a few an hour are possible.
    """
    country = app.settings.clinic_country
    changes = accounts.with_stored_phone(body.model_dump(exclude_unset=True), country=country)
    password = changes.pop("current_password", None)
    if "email" not in changes:
        change = partial(accounts.update_profile, writing, who.actor, changes=changes, now=now)
        user = await run_in_threadpool(ending_transactions, change, writing)
    else:
        await before_hashing(
            app, partial(accounts.check_email_changes, who=who, rules=app.emails, now=now)
        )
        change = partial(
            accounts.change_email,
            reading,
            writing,
            who,
            rules=app.emails,
            password=password,
            changes=changes,
            now=now,
        )
        user = await in_hashing_lane(app, change, reading, writing, is_known=True)
    return UserAnswer.model_validate(user)


@router.get("/patients/{patient_id}", responses=documented(401, 404))
@audited("patient.read", "user")
def patient_contact(
    patient_id: Id, actor: CurrentActor, session: Reading, record: Recording
) -> PatientAnswer:
    """How to reach a patient: for themselves, and for doctors with an appointment with them."""
    patient = directory.get_patient(session, actor, patient_id=patient_id)
    record(AuditEvent("patient.read", "user", patient.id, patient.id), by=actor)
    return PatientAnswer.model_validate(patient)


@router.get("/", responses=documented(401, 403))
@audited("account.list", "user")
def list_accounts(
    actor: CurrentActor,
    session: Reading,
    record: Recording,
    ids: Annotated[list[Id] | None, Query(alias="id", max_length=MOST_ACCOUNTS)] = None,
    role: Role | None = None,
    is_active: bool | None = None,
    is_approved: bool | None = None,
    name: SearchedName | None = None,
    after: Annotated[int, Query(ge=0, description="the last id of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ACCOUNTS)] = 100,
) -> list[UserAnswer]:
    """The accounts of the clinic, by name, for admins.

    `name` has words of the name, user name or e-mail address, in any order and spelling.
    """
    users = directory.list_accounts(
        session,
        actor,
        ids=ids,
        role=role,
        is_active=is_active,
        is_approved=is_approved,
        name=name,
        after=after,
        limit=limit,
    )
    patients = frozenset(user.id for user in users if user.role is Role.PATIENT)
    record(AuditEvent("account.list", "user", patient_ids=patients), by=actor)
    return [UserAnswer.model_validate(user) for user in users]


@router.patch("/{user_id}", responses=documented(401, 403, 404, 409, 413, 415))
@audited("account.administer", "user")
def change_account(
    user_id: Id, body: AccountChanges, actor: CurrentActor, session: Writing, now: Now
) -> UserAnswer:
    """Approve, deactivate or reactivate an account, or change its role or time zone. For admins."""
    changes = body.model_dump(exclude_unset=True)
    user = staff.change_account(session, actor, user_id=user_id, changes=changes, now=now)
    return UserAnswer.model_validate(user)


@router.post("/invitations", status_code=201, responses=documented(401, 403))
@audited("doctor.invite", "invitation")
def invite_doctor(actor: CurrentActor, session: Writing, now: Now) -> InvitationAnswer:
    """Let one doctor register. The token is shown only once. For admins."""
    return InvitationAnswer.model_validate(staff.invite_doctor(session, actor, now=now))


@router.get("/invitations", responses=documented(401, 403))
@audited("invitation.list", "invitation")
def list_invitations(actor: CurrentActor, session: Reading, now: Now) -> list[OpenInvitationAnswer]:
    """The invitations that can still be used, the newest first. For admins."""
    return [
        OpenInvitationAnswer.model_validate(invitation)
        for invitation in staff.open_invitations(session, actor, now=now)
    ]


@router.delete("/invitations/{invitation_id}", status_code=204, responses=documented(401, 403, 404))
@audited("invitation.revoke", "invitation")
def revoke_invitation(invitation_id: Id, actor: CurrentActor, session: Writing, now: Now) -> None:
    """End an invitation that has not been used. For admins."""
    staff.revoke_invitation(session, actor, invitation_id=invitation_id, now=now)


@router.get("/{user_id}/sessions", responses=documented(401, 403, 404))
@audited("login.list", "user")
def account_sessions(
    user_id: Id, actor: CurrentActor, session: Reading, app: App, record: Recording, now: Now
) -> OpenSessionsAnswer:
    """On how many devices a person is logged in. For admins."""
    found = staff.count_sessions(session, actor, user_id=user_id, limits=app.limits, now=now)
    record(AuditEvent("login.list", "user", user_id, found.patient_id), by=actor)
    return OpenSessionsAnswer.model_validate(found)


@router.delete("/{user_id}/sessions", status_code=204, responses=documented(401, 403, 404))
@audited("login.end-all", "user")
def end_account_sessions(user_id: Id, actor: CurrentActor, session: Writing, now: Now) -> None:
    """Log a person out on every device. For admins."""
    staff.end_sessions(session, actor, user_id=user_id, now=now)
