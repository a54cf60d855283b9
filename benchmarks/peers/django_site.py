"""django-appointment as its documentation sets it up. Runs in an environment of its own.

python django_site.py CLINIC    fills the database of PEER_DATABASE from a clinic's SQLite file,
and prints the keys of signed-in clients' sessions as JSON
gunicorn django_site:application
"""

import json
import os
import sqlite3
import sys
from contextlib import closing
from datetime import date, time, timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

settings.configure(
    SECRET_KEY="a-secret-that-only-the-benchmarks-know",  # noqa: S106 - of invented people
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "phonenumber_field",
        "appointment",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["PEER_DATABASE"],
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    },
    STATIC_URL="/static/",
    TIME_ZONE="Europe/London",
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    PHONENUMBER_DEFAULT_REGION="GB",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    LOGGING_CONFIG=None,
)
application = get_wsgi_application()

# Models and views can be imported only now.
from appointment.models import (  # noqa: E402
    Appointment,
    AppointmentRequest,
    Service,
    StaffMember,
    WorkingHours,
)
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

urlpatterns = [path("", include("appointment.urls"))]

CLIENTS = 64


def fill(clinic: str) -> list[str]:
    """Make equal data; the session keys of clients without appointments.

    It knows one stretch of work a day: the doctors of ours who close at noon do not close there.
    """
    call_command("migrate", run_syncdb=True, verbosity=0)
    with closing(sqlite3.connect(clinic)) as connection:
        connection.row_factory = sqlite3.Row
        staff = _make_staff(connection)
        _make_appointments(connection, staff)
    return _sign_in_clients()


def _make_staff(clinic: sqlite3.Connection) -> dict[int, Any]:
    """A staff member with a service for each doctor, under the doctor's id."""
    staff: dict[int, Any] = {}
    for doctor in clinic.execute(
        "SELECT users.id, username, max(slot_duration) AS duration FROM users"
        " JOIN schedules ON doctor_id = users.id GROUP BY users.id"
    ):
        minutes = doctor["duration"]
        service = Service.objects.create(
            id=doctor["id"], name="Visit", duration=timedelta(minutes=minutes), price=0
        )
        user = User.objects.create(username=doctor["username"])
        member = StaffMember.objects.create(id=doctor["id"], user=user, slot_duration=minutes)
        member.services_offered.add(service)
        staff[doctor["id"]] = member
    WorkingHours.objects.bulk_create(
        WorkingHours(
            staff_member=staff[row["doctor_id"]],
            day_of_week=(row["day_of_week"] + 1) % 7,
            start_time=_time(row["opens"]),
            end_time=_time(row["closes"]),
        )
        for row in clinic.execute(
            "SELECT doctor_id, day_of_week, min(start_time) AS opens, max(end_time) AS closes"
            " FROM schedules GROUP BY doctor_id, day_of_week"
        )
    )
    return staff


def _make_appointments(clinic: sqlite3.Connection, staff: dict[int, Any]) -> None:

    client = User.objects.create(username="client")
    held = clinic.execute("SELECT * FROM appointments WHERE status <> 'cancelled'").fetchall()
    requests = AppointmentRequest.objects.bulk_create(
        [
            AppointmentRequest(
                date=date.fromisoformat(row["appointment_date"]),
                start_time=_time(row["appointment_time"]),
                end_time=_time(row["appointment_time"] + row["duration"]),
                service_id=row["doctor_id"],
                staff_member=staff[row["doctor_id"]],
                id_request=str(row["id"]),
            )
            for row in held
        ],
        batch_size=500,
    )
    Appointment.objects.bulk_create(
        [
            Appointment(client=client, appointment_request=each, id_request=each.id_request)
            for each in requests
        ],
        batch_size=500,
    )


def _sign_in_clients() -> list[str]:

    keys = []
    for number in range(CLIENTS):
        name = f"client_{number}"
        user = User.objects.create(username=name, email=f"{name}@example.com", first_name=name)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        keys.append(session.session_key)
    return keys


def _time(minute: int) -> time:
    return time(*divmod(minute, 60))


if __name__ == "__main__":
    print(json.dumps(fill(sys.argv[1])))
