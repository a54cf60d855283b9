-- What a booking inserts, for pgbench: each one takes the next quarter of an hour of a far year,
-- of a doctor and a patient whom it does not meet again for a while.
INSERT INTO appointments (
    doctor_id, patient_id, appointment_date, appointment_time, duration, reason, status,
    starts_at, ends_at, created_at, updated_at
)
SELECT
    doctor.id, patient.id, starts_at::date,
    extract(hour FROM starts_at) * 60 + extract(minute FROM starts_at), 15,
    'Regular checkup', 'scheduled', starts_at AT TIME ZONE 'UTC',
    (starts_at + interval '15 minutes') AT TIME ZONE 'UTC', now(), now()
FROM (SELECT nextval('bench') AS place) AS booking
CROSS JOIN LATERAL (
    SELECT timestamp '2100-01-01' + place / 100 * interval '15 minutes' AS starts_at
) AS wanted
CROSS JOIN LATERAL (
    SELECT id FROM users WHERE id = 2 + place % 100
) AS doctor
CROSS JOIN LATERAL (
    SELECT id FROM users WHERE id = 102 + place % 100
) AS patient
ON CONFLICT DO NOTHING;
