"""Appointments written as JSON are what the declared answer would write."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.domain.appointments import AppointmentStatus, ShownAppointment
from app.schemas.appointments_json import appointments_as_json
from app.schemas.schemas import AppointmentAnswer

ANSWER = TypeAdapter(list[AppointmentAnswer])

ids = st.integers(1, 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
whole_minutes = moments.map(lambda moment: moment.replace(second=0, microsecond=0))

appointments = st.builds(
    ShownAppointment,
    id=ids,
    doctor_id=ids,
    patient_id=ids,
    appointment_date=st.dates(date(2000, 1, 1), date(2199, 12, 31)),
    appointment_time=st.integers(0, 1439),
    duration=st.integers(5, 240),
    reason=texts,
    status=st.sampled_from(AppointmentStatus),
    starts_at=whole_minutes,
    ends_at=whole_minutes,
    created_at=moments,
    updated_at=moments | whole_minutes.map(lambda moment: moment + timedelta(microseconds=1)),
    timezone=texts,
    doctor_name=texts,
    specialty=st.none() | texts,
    patient_name=texts,
    email=texts,
    phone=st.none() | texts,
)


def written_plainly(shown: list[ShownAppointment]) -> str:
    answers = [AppointmentAnswer.model_validate(_with_parties(each)) for each in shown]
    return ANSWER.dump_json(answers).decode()


def _with_parties(shown: ShownAppointment) -> SimpleNamespace:
    doctor = SimpleNamespace(
        id=shown.doctor_id,
        full_name=shown.doctor_name,
        specialty=shown.specialty,
        timezone=shown.timezone,
    )
    patient = SimpleNamespace(
        id=shown.patient_id, full_name=shown.patient_name, email=shown.email, phone=shown.phone
    )
    return SimpleNamespace(**shown._asdict(), doctor=doctor, patient=patient)


@given(st.lists(appointments, max_size=3))
def test_appointments_are_written_as_declared(shown: list[ShownAppointment]):
    assert appointments_as_json(shown).decode() == written_plainly(shown)
