-- The schema of a clinic's SQLite database at the newest revision, for an empty file.
-- Generated from the migrations by `clinic init-sql`: change those, not this.
PRAGMA journal_mode = WAL;
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0016');
CREATE TABLE appointments (
	id INTEGER NOT NULL,
	doctor_id INTEGER NOT NULL,
	patient_id INTEGER NOT NULL,
	appointment_date DATE NOT NULL,
	appointment_time SMALLINT NOT NULL,
	duration SMALLINT NOT NULL,
	reason VARCHAR(500) NOT NULL,
	status VARCHAR(16) NOT NULL,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_appointments PRIMARY KEY (id),
	CONSTRAINT fk_appointments_doctor_id_users FOREIGN KEY(doctor_id) REFERENCES users (id),
	CONSTRAINT fk_appointments_patient_id_users FOREIGN KEY(patient_id) REFERENCES users (id),
	CONSTRAINT ck_appointments_appointment_time CHECK (appointment_time BETWEEN 0 AND 1439),
	CONSTRAINT ck_appointments_duration CHECK (duration BETWEEN 5 AND 240),
	CONSTRAINT ck_appointments_reason_length CHECK (length(reason) BETWEEN 1 AND 500),
	CONSTRAINT ck_appointments_start_before_end CHECK (starts_at < ends_at),
	CONSTRAINT ck_appointments_two_parties CHECK (doctor_id <> patient_id),
	CONSTRAINT ck_appointments_updated_at CHECK (created_at <= updated_at),
	CONSTRAINT ck_appointments_ends_at CHECK (strftime('%s', ends_at) - strftime('%s', starts_at) = duration * 60),
	CONSTRAINT ck_appointments_status CHECK (status IN ('scheduled', 'completed', 'cancelled'))
);
CREATE TABLE attempts (
	id INTEGER NOT NULL,
	kind VARCHAR(16) NOT NULL,
	address VARCHAR(64) NOT NULL,
	account_digest VARCHAR(64),
	attempted_at DATETIME NOT NULL,
	CONSTRAINT pk_attempts PRIMARY KEY (id),
	CONSTRAINT ck_attempts_kind CHECK (kind IN ('login', 'registration', 'proof', 'email'))
);
CREATE TABLE audit_log (
	id INTEGER NOT NULL,
	at DATETIME NOT NULL,
	actor_id INTEGER,
	actor_role VARCHAR(16),
	address VARCHAR(64),
	action VARCHAR(64) NOT NULL,
	resource_type VARCHAR(32) NOT NULL,
	resource_id INTEGER,
	patient_id INTEGER,
	fields VARCHAR(500) NOT NULL,
	outcome VARCHAR(64) NOT NULL,
	request_id VARCHAR(64),
	mac VARCHAR(64) NOT NULL, key_id VARCHAR(16), nonce VARCHAR(32),
	CONSTRAINT pk_audit_log PRIMARY KEY (id)
);
CREATE TABLE audit_patients (
	record_id INTEGER NOT NULL,
	patient_id INTEGER NOT NULL,
	CONSTRAINT pk_audit_patients PRIMARY KEY (record_id, patient_id),
	CONSTRAINT fk_audit_patients_record_id_audit_log FOREIGN KEY(record_id) REFERENCES audit_log (id)
);
CREATE TABLE audit_seals (
	sequence INTEGER NOT NULL,
	record_id INTEGER NOT NULL,
	previous_hash VARCHAR(64) NOT NULL,
	hash VARCHAR(64) NOT NULL,
	key_id VARCHAR(16),
	CONSTRAINT pk_audit_seals PRIMARY KEY (sequence),
	CONSTRAINT uq_audit_seals_record_id UNIQUE (record_id)
);
CREATE TABLE diary_revisions (
	user_id INTEGER NOT NULL,
	revision BIGINT NOT NULL,
	CONSTRAINT pk_diary_revisions PRIMARY KEY (user_id),
	CONSTRAINT fk_diary_revisions_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE invitations (
	id INTEGER NOT NULL,
	token_digest VARCHAR(64) NOT NULL,
	created_by INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL, ended_at DATETIME,
	CONSTRAINT pk_invitations PRIMARY KEY (id),
	CONSTRAINT uq_invitations_token_digest UNIQUE (token_digest),
	CONSTRAINT ck_invitations_expires_at CHECK (created_at <= expires_at),
	CONSTRAINT fk_invitations_created_by_users FOREIGN KEY(created_by) REFERENCES users (id)
);
CREATE TABLE job_runs (
	id INTEGER NOT NULL,
	job VARCHAR(32) NOT NULL,
	ran_at DATETIME NOT NULL,
	succeeded_at DATETIME,
	done BIGINT DEFAULT '0' NOT NULL,
	failures BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_job_runs PRIMARY KEY (id),
	CONSTRAINT uq_job_runs_job UNIQUE (job)
);
CREATE TABLE schedules (
	id INTEGER NOT NULL,
	doctor_id INTEGER NOT NULL,
	day_of_week SMALLINT NOT NULL,
	start_time SMALLINT NOT NULL,
	end_time SMALLINT NOT NULL,
	slot_duration SMALLINT NOT NULL,
	is_active BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT pk_schedules PRIMARY KEY (id),
	CONSTRAINT uq_schedules_doctor_id_day_of_week_start_time UNIQUE (doctor_id, day_of_week, start_time),
	CONSTRAINT fk_schedules_doctor_id_users FOREIGN KEY(doctor_id) REFERENCES users (id),
	CONSTRAINT ck_schedules_day_of_week CHECK (day_of_week BETWEEN 0 AND 6),
	CONSTRAINT ck_schedules_start_time CHECK (start_time >= 0),
	CONSTRAINT ck_schedules_end_time CHECK (end_time <= 1440),
	CONSTRAINT ck_schedules_start_before_end CHECK (start_time < end_time),
	CONSTRAINT ck_schedules_slot_duration CHECK (slot_duration BETWEEN 5 AND 240),
	CONSTRAINT ck_schedules_slot_fits CHECK (slot_duration <= end_time - start_time)
);
CREATE TABLE sessions (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	token_digest VARCHAR(64) NOT NULL,
	user_agent VARCHAR(200),
	created_at DATETIME NOT NULL,
	last_seen_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_sessions PRIMARY KEY (id),
	CONSTRAINT uq_sessions_token_digest UNIQUE (token_digest),
	CONSTRAINT fk_sessions_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
	CONSTRAINT ck_sessions_last_seen_at CHECK (created_at <= last_seen_at),
	CONSTRAINT ck_sessions_expires_at CHECK (created_at <= expires_at)
);
CREATE TABLE stored_replies (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	"key" VARCHAR(128) NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	body TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT pk_stored_replies PRIMARY KEY (id),
	CONSTRAINT uq_stored_replies_user_id_key UNIQUE (user_id, "key"),
	CONSTRAINT fk_stored_replies_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE users (
	id INTEGER NOT NULL,
	username VARCHAR(50) NOT NULL,
	username_key VARCHAR(508) NOT NULL,
	email VARCHAR(254) NOT NULL,
	email_key VARCHAR(508) NOT NULL,
	full_name VARCHAR(100) NOT NULL,
	hashed_password VARCHAR(100) NOT NULL,
	role VARCHAR(16) NOT NULL,
	is_active BOOLEAN NOT NULL,
	phone VARCHAR(30),
	specialty VARCHAR(100),
	timezone VARCHAR(64) NOT NULL,
	created_at DATETIME NOT NULL, is_approved BOOLEAN DEFAULT 1 NOT NULL, search_key VARCHAR(600) DEFAULT '' NOT NULL, specialty_key VARCHAR(600), device_generation INTEGER DEFAULT '0' NOT NULL, search_language VARCHAR(8) DEFAULT '' NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (id),
	CONSTRAINT uq_users_username_key UNIQUE (username_key),
	CONSTRAINT uq_users_email_key UNIQUE (email_key),
	CONSTRAINT ck_users_username_length CHECK (length(username) BETWEEN 3 AND 50),
	CONSTRAINT ck_users_full_name_length CHECK (length(full_name) BETWEEN 1 AND 100),
	CONSTRAINT ck_users_email_length CHECK (length(email) BETWEEN 3 AND 254),
	CONSTRAINT ck_users_role CHECK (role IN ('patient', 'doctor', 'admin'))
);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_appointments_doctor_id_appointment_date ON appointments (doctor_id, appointment_date);
CREATE UNIQUE INDEX uq_appointments_doctor_id_starts_at ON appointments (doctor_id, starts_at) WHERE status <> 'cancelled';
CREATE INDEX ix_appointments_patient_id_appointment_date ON appointments (patient_id, appointment_date);
CREATE UNIQUE INDEX uq_appointments_patient_id_starts_at ON appointments (patient_id, starts_at) WHERE status <> 'cancelled';
CREATE TRIGGER tr_appointments_doctor_overlap_insert
BEFORE INSERT ON appointments
WHEN NEW.status <> 'cancelled'
BEGIN
    SELECT RAISE(ABORT, 'ex_appointments_doctor_overlap')
    WHERE (
        SELECT ends_at FROM appointments
        WHERE doctor_id = NEW.doctor_id AND status <> 'cancelled'
          AND starts_at < NEW.ends_at
        ORDER BY starts_at DESC LIMIT 1
    ) > NEW.starts_at;
END;
CREATE TRIGGER tr_appointments_patient_overlap_insert
BEFORE INSERT ON appointments
WHEN NEW.status <> 'cancelled'
BEGIN
    SELECT RAISE(ABORT, 'ex_appointments_patient_overlap')
    WHERE (
        SELECT ends_at FROM appointments
        WHERE patient_id = NEW.patient_id AND status <> 'cancelled'
          AND starts_at < NEW.ends_at
        ORDER BY starts_at DESC LIMIT 1
    ) > NEW.starts_at;
END;
CREATE TRIGGER tr_schedules_overlap_insert
BEFORE INSERT ON schedules
BEGIN
    SELECT RAISE(ABORT, 'ex_schedules_overlap')
    WHERE (
        SELECT end_time FROM schedules
        WHERE doctor_id = NEW.doctor_id AND day_of_week = NEW.day_of_week
          AND start_time < NEW.end_time
        ORDER BY start_time DESC LIMIT 1
    ) > NEW.start_time;
END;
CREATE TRIGGER tr_appointments_doctor_overlap_update
BEFORE UPDATE ON appointments
WHEN NEW.status <> 'cancelled'
BEGIN
    SELECT RAISE(ABORT, 'ex_appointments_doctor_overlap')
    WHERE (
        SELECT ends_at FROM appointments
        WHERE doctor_id = NEW.doctor_id AND status <> 'cancelled'
          AND starts_at < NEW.ends_at AND id <> NEW.id
        ORDER BY starts_at DESC LIMIT 1
    ) > NEW.starts_at;
END;
CREATE TRIGGER tr_appointments_patient_overlap_update
BEFORE UPDATE ON appointments
WHEN NEW.status <> 'cancelled'
BEGIN
    SELECT RAISE(ABORT, 'ex_appointments_patient_overlap')
    WHERE (
        SELECT ends_at FROM appointments
        WHERE patient_id = NEW.patient_id AND status <> 'cancelled'
          AND starts_at < NEW.ends_at AND id <> NEW.id
        ORDER BY starts_at DESC LIMIT 1
    ) > NEW.starts_at;
END;
CREATE TRIGGER tr_schedules_overlap_update
BEFORE UPDATE ON schedules
BEGIN
    SELECT RAISE(ABORT, 'ex_schedules_overlap')
    WHERE (
        SELECT end_time FROM schedules
        WHERE doctor_id = NEW.doctor_id AND day_of_week = NEW.day_of_week
          AND start_time < NEW.end_time AND id <> NEW.id
        ORDER BY start_time DESC LIMIT 1
    ) > NEW.start_time;
END;
CREATE TRIGGER tr_audit_log_no_UPDATE BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER tr_audit_log_no_DELETE BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE INDEX ix_stored_replies_created_at ON stored_replies (created_at);
CREATE TRIGGER tr_users_open_diary AFTER INSERT ON users
BEGIN
    INSERT INTO diary_revisions (user_id, revision) VALUES (NEW.id, random());
END;
CREATE TRIGGER tr_users_update_renews_diary AFTER UPDATE OF role, is_active, is_approved, timezone ON users
BEGIN
    UPDATE diary_revisions SET revision = random() WHERE user_id = NEW.id;
END;
CREATE TRIGGER tr_appointments_insert_renews_diary AFTER INSERT ON appointments
BEGIN
    UPDATE diary_revisions SET revision = random() WHERE user_id = NEW.doctor_id;
END;
CREATE TRIGGER tr_appointments_update_renews_diary AFTER UPDATE ON appointments
BEGIN
    UPDATE diary_revisions SET revision = random() WHERE user_id = NEW.doctor_id;
END;
CREATE TRIGGER tr_appointments_delete_renews_diary AFTER DELETE ON appointments
BEGIN
    UPDATE diary_revisions SET revision = random() WHERE user_id = OLD.doctor_id;
END;
CREATE TRIGGER tr_schedules_insert_renews_diary AFTER INSERT ON schedules
BEGIN
    UPDATE diary_revisions SET revision = random() WHERE user_id = NEW.doctor_id;
END;
CREATE TRIGGER tr_schedules_update_renews_diary AFTER UPDATE ON schedules
BEGIN
    UPDATE diary_revisions SET revision = random() WHERE user_id = NEW.doctor_id;
END;
CREATE TRIGGER tr_schedules_delete_renews_diary AFTER DELETE ON schedules
BEGIN
    UPDATE diary_revisions SET revision = random() WHERE user_id = OLD.doctor_id;
END;
CREATE INDEX ix_appointments_doctor_id_starts_at_duration ON appointments (doctor_id, starts_at, duration) WHERE status <> 'cancelled';
CREATE INDEX ix_users_search_key_id ON users (search_key, id);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_attempts_kind_address_attempted_at ON attempts (kind, address, attempted_at);
CREATE INDEX ix_attempts_kind_account_digest_attempted_at ON attempts (kind, account_digest, attempted_at);
CREATE INDEX ix_attempts_attempted_at ON attempts (attempted_at);
CREATE TRIGGER tr_audit_patients_no_UPDATE BEFORE UPDATE ON audit_patients
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER tr_audit_patients_no_DELETE BEFORE DELETE ON audit_patients
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE INDEX ix_audit_patients_patient_id_record_id ON audit_patients (patient_id, record_id);
CREATE INDEX ix_audit_log_patient_id_id ON audit_log (patient_id, id);
CREATE INDEX ix_audit_log_actor_id_id ON audit_log (actor_id, id);
CREATE TRIGGER tr_audit_seals_no_UPDATE BEFORE UPDATE ON audit_seals
BEGIN
    SELECT RAISE(ABORT, 'audit_seals is append-only');
END;
CREATE TRIGGER tr_audit_seals_no_DELETE BEFORE DELETE ON audit_seals
BEGIN
    SELECT RAISE(ABORT, 'audit_seals is append-only');
END;
COMMIT;
