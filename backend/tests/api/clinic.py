"""A small clinic with somebody of every kind, on Monday 23 November 2026, 8:00 in London."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from httpx2 import Response

from app.core.security import PasswordHasher
from app.crud import crud_user
from app.db.database import Database
from app.domain.people import Role, identity_key
from app.models.models import Appointment
from tests.conftest import MONDAY_MORNING
from tests.people import PASSWORD, Visitor

MONDAY = "2026-11-30"
TUESDAY = "2026-12-01"
WEDNESDAY = "2026-12-02"
THURSDAY = "2026-12-03"
REASON = "Regular checkup"
OTHER_REASON = "Second opinion"


@dataclass(frozen=True)
class Clinic:
    """The people, and the ids of what is theirs.

    Smith sees patients on Mondays from 9 to 17 (`hours`) and has Tuesday hours that are switched
    off (`closed_hours`); Jones on Wednesdays from 10 to 12 (`other_hours`). John has an
    appointment with Smith on Monday at 9:00 (`visit`) and a cancelled one at 16:00 (`cancelled`);
    Jane has one with Jones on Wednesday at 10:00 (`other_visit`). José is a doctor who left.
    The admin has created an `invitation` that is open.
    """

    anonymous: Visitor
    john: Visitor
    jane: Visitor
    smith: Visitor
    jones: Visitor
    jose: Visitor
    admin: Visitor
    hours: int
    closed_hours: int
    other_hours: int
    visit: int
    cancelled: int
    other_visit: int
    invitation: int

    def with_fresh_browsers(self) -> "Clinic":
        """The same people with cookie jars that no test has touched."""
        people = {
            name: value.same_browser()
            for name, value in vars(self).items()
            if isinstance(value, Visitor)
        }
        return replace(self, **people)


def open_clinic(visitor: Visitor, database: Database) -> Clinic:
    smith = visitor.another().register("dr_smith", role="doctor", full_name="Dr. John Smith")
    jones = visitor.another().register("dr_jones", role="doctor", full_name="Dr. Amy Jones")
    jose = visitor.another().register("dr_josé", role="doctor", email="josé@example.com")
    john = visitor.another().register("john_patient", phone="+44 20 7946 0001")
    jane = visitor.another().register("jane_patient", phone="+44 20 7946 0002")
    admin = register_admin(visitor.another(), database)

    hours = add_hours(smith)
    closed_hours = add_hours(smith, day_of_week=1, is_active=False)
    other_hours = add_hours(
        jones, day_of_week=2, start_time="10:00", end_time="12:00", slot_duration=60
    )
    add_hours(jose, day_of_week=3)
    deactivate(database, jose)

    cancelled = booked(john, smith, time="16:00")
    assert john.delete(f"/appointments/{cancelled}").status_code == 200
    return Clinic(
        anonymous=visitor.another(),
        john=john,
        jane=jane,
        smith=smith,
        jones=jones,
        jose=jose,
        admin=admin,
        hours=hours,
        closed_hours=closed_hours,
        other_hours=other_hours,
        visit=booked(john, smith, time="09:00"),
        cancelled=cancelled,
        other_visit=booked(jane, jones, day=WEDNESDAY, time="10:00", reason=OTHER_REASON),
        invitation=int(admin.post("/users/invitations").json()["id"]),
    )


def register_admin(visitor: Visitor, database: Database) -> Visitor:
    """Nobody registers as an admin: the account comes from the command line."""
    with database.writing() as session:
        crud_user.create_user(
            session,
            username="front_desk",
            username_key=identity_key("front_desk"),
            email="desk@example.com",
            email_key=identity_key("desk@example.com"),
            full_name="Front Desk",
            hashed_password=PasswordHasher(4).hash(PASSWORD),
            role=Role.ADMIN,
            timezone="Europe/London",
            created_at=MONDAY_MORNING,
        )
    return visitor.log_in("front_desk")


def deactivate(database: Database, person: Visitor) -> None:
    with database.writing() as session:
        crud_user.update_user(session, person.id, changes={"is_active": False})


def set_back(database: Database, appointment: int, *, days: int) -> None:
    """Have an appointment take place so many days earlier, in the past too."""
    earlier = timedelta(days=days)
    with database.writing() as session:
        visit = session.get_one(Appointment, appointment)
        visit.appointment_date -= earlier
        visit.starts_at -= earlier
        visit.ends_at -= earlier


def add_hours(doctor: Visitor, **row: Any) -> int:
    """Working hours, by default Mondays from 9 to 17; their id."""
    body = {"day_of_week": 0, "start_time": "09:00", "end_time": "17:00", "slot_duration": 30}
    answer = doctor.post("/schedules/", **(body | row))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def booking(doctor: Visitor, *, day: str = MONDAY, time: str, **more: Any) -> dict[str, Any]:
    """The body of a booking."""
    wanted = {"doctor_id": doctor.id, "appointment_date": day, "appointment_time": time}
    return {**wanted, "reason": REASON, **more}


def book(patient: Visitor, doctor: Visitor, **wanted: Any) -> Response:
    return patient.post("/appointments/", **booking(doctor, **wanted))


def booked(patient: Visitor, doctor: Visitor, **wanted: Any) -> int:
    """Book; the id of the appointment."""
    answer = book(patient, doctor, **wanted)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def free_times(visitor: Visitor, doctor: Visitor, day: str = MONDAY) -> list[str]:
    """The free slots of a day, as wall-clock times."""
    answer = visitor.get(
        f"/schedules/doctor/{doctor.id}/available-slots", start_date=day, end_date=day
    )
    assert answer.status_code == 200, answer.text
    return [slot["time"] for slot in answer.json()]
