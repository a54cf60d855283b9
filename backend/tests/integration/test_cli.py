"""The commands that people of the clinic type: what they do, say and end with."""

import os
import pty
import re
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, text
from typer.main import get_group
from typer.testing import CliRunner, Result

from app.cli import MODULES, program_for
from app.core.config import DEVELOPMENT_SECRET, PROJECT, Settings
from app.core.database import open_url
from app.core.security import PasswordHasher
from app.crud import crud_job, crud_user
from app.db import schema
from app.db.database import Database
from app.db.sqlite.opening import mark_start
from app.domain.audit_chain import AuditKeys
from app.domain.people import Role
from app.main import create_app
from app.models.models import AuditRecord, AuditSeal, User
from app.services import sealing
from tests.api import tables
from tests.integration.servers import free_port

ADMIN = ("--username", "boss", "--email", "boss@example.com", "--full-name", "Ada Boss")
PASSWORD = "open-sesame-42"
WHOLE = "The audit log is whole.\n"


@pytest.fixture(autouse=True)
def environment(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """Settings of a development clinic, whatever the project's `.env` says."""
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APP_ENV", "development")
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("CLINIC_TIMEZONE", "Europe/London")
    monkeypatch.setenv("PASSWORD_POLICY", "document")
    monkeypatch.setenv("BCRYPT_COST", "4")
    return monkeypatch


def clinic(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(program_for(arguments), arguments, input=typed)


def refusal(result: Result) -> tuple[int, str, str]:
    """How a command ended that printed nothing but a sentence on the error stream."""
    return result.exit_code, result.stdout, result.stderr.rstrip("\n")


def counts(sealed: int, unsealed: int) -> str:
    """What `clinic audit verify` says of a clinic in which no worker has run."""
    return f"Records with a seal: {sealed}, without one yet: {unsealed}. The worker never ran.\n"


def find(database: Database, username: str) -> User | None:
    with database.reading() as session:
        return crud_user.find_user_by_login(session, key=username)


def test_every_command_is_found_in_its_module():
    group = get_group(program_for([]))
    assert sorted(group.commands) == sorted(MODULES)
    for name in MODULES:
        assert name in get_group(program_for([name])).commands


def test_a_command_that_does_not_exist_is_named():
    result = clinic("migrat")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such command 'migrat'. Did you mean 'migrate'?" in result.stderr


def test_a_server_waits_for_nothing_that_only_other_commands_need():
    """Its processes import the application themselves; the first one only looks after them."""
    script = "import app.cli, sys; app.cli.program_for(['serve']); print(*sys.modules)"
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    libraries = {"alembic", "bcrypt", "fastapi", "psycopg", "sqlalchemy", "uvicorn"}
    assert libraries & set(finished.stdout.split()) == {"uvicorn"}


def test_the_project_and_its_data_are_found_from_every_folder(environment, tmp_path):
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    for part in ("app", "migrations"):
        shutil.copytree(PROJECT / "backend" / part, project / "backend" / part)
    (project / "backend" / "pyproject.toml").touch()
    (project / ".env").write_text("DATABASE_URL=sqlite:///data/clinic.db\n")
    elsewhere.mkdir()
    (elsewhere / ".env").write_text("DATABASE_URL=sqlite:///another.db\n")
    schema.upgrade(f"sqlite:///{project}/data/clinic.db")
    environment.delenv("DATABASE_URL")
    environment.setenv("PYTHONPATH", f"{project / 'backend'}")

    finished = subprocess.run(
        [sys.executable, "-m", "app.cli", "audit", "verify"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.stdout, finished.stderr) == (f"{WHOLE}{counts(0, 0)}", "")
    assert [file.name for file in elsewhere.iterdir()] == [".env"]


def test_demo_data_prints_its_logins(database):
    result = clinic("demo-data", "--seed", "5")
    assert (result.exit_code, result.stderr) == (0, "")
    first, second, *logins = result.stdout.splitlines()
    assert first.startswith("The clinic has 8 doctors, 60 patients and ")
    assert second == "Everybody's password is demo-password. Log in as:"
    assert [line.split(maxsplit=1) for line in (*logins[:2], logins[-1])] == [
        ["admin", "Front Desk, admin"],
        ["dr_novak", "Dr. Jana Novák, General practice"],
        ["emma_clarke", "Emma Clarke, patient"],
    ]
    for line in logins:
        person = find(database, line.split()[0])
        assert person is not None
        assert PasswordHasher(4).verify("demo-password", person.hashed_password)


def test_demo_data_leaves_a_database_with_people_alone(database):
    assert clinic("create-admin", *ADMIN, typed=PASSWORD).exit_code == 0
    assert refusal(clinic("demo-data")) == (
        1,
        "",
        "The database has people already: demo data goes into an empty one only.",
    )
    assert find(database, "dr_novak") is None


def test_demo_data_if_empty_is_content_with_people(database):
    assert clinic("create-admin", *ADMIN, typed=PASSWORD).exit_code == 0
    result = clinic("demo-data", "--if-empty")
    assert (result.exit_code, result.output) == (
        0,
        "The database has people already: no demo data was added.\n",
    )
    assert find(database, "dr_novak") is None


def test_demo_data_if_empty_fills_an_empty_database(database):
    assert clinic("demo-data", "--if-empty").exit_code == 0
    assert find(database, "dr_novak") is not None


def test_production_refuses_demo_data(database, environment):
    environment.setenv("APP_ENV", "production")
    environment.setenv("PUBLIC_URL", "https://clinic.example.org")
    environment.setenv("SECRET_KEY", "a-secret-of-the-clinic-with-many-characters")
    environment.setenv("PASSWORD_POLICY", "asvs")
    environment.setenv("DOCTOR_REGISTRATION", "approval")
    assert refusal(clinic("demo-data", "--if-empty")) == (
        1,
        "",
        "Demo data comes with passwords that everybody knows. Production refuses it.",
    )
    assert find(database, "dr_novak") is None


OF_A_DATABASE = [
    ("audit", "verify"),
    ("create-admin", *ADMIN),
    ("demo-data",),
    ("backup", "backup.db"),
]


@pytest.mark.parametrize("command", OF_A_DATABASE)
def test_a_missing_file_is_told_and_nothing_is_made(environment, tmp_path, command):
    environment.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/new/clinic.db")
    result = clinic(*command, typed=PASSWORD)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{tmp_path}/new/clinic.db" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", OF_A_DATABASE)
def test_an_empty_file_is_told_how_to_get_a_schema_and_stays_as_it_is(
    environment, tmp_path, command
):
    file = tmp_path / "clinic.db"
    file.touch()
    environment.setenv("DATABASE_URL", f"sqlite:///{file}")
    result = clinic(*command, typed=PASSWORD)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "schema of this version" in result.stderr
    assert result.stderr.endswith("un: clinic migrate\n")
    assert sorted(tmp_path.iterdir()) == [file]


def test_the_document_of_the_api_makes_nothing(environment, tmp_path):
    environment.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/new/clinic.db")
    assert clinic("openapi").exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_server_makes_no_database(environment, tmp_path):
    file = tmp_path / "new" / "clinic.db"
    with TestClient(create_app(Settings(database_url=f"sqlite:///{file}"))) as client:
        assert client.get("/readyz").json()["code"] == "unavailable"
        assert client.get("/api/v1/users/doctors").json()["code"] == "unavailable"
        assert not file.parent.exists()
        schema.upgrade(f"sqlite:///{file}")
        assert client.get("/api/v1/users/doctors").json() == []


def test_copying_from_what_is_no_clinic_leaves_the_target_as_it_is(
    databases, environment, tmp_path
):
    url = databases.create_blank()
    environment.setenv("DATABASE_URL", url)
    source = tmp_path / "notes.db"
    source.touch()
    assert refusal(clinic("copy-database", str(source))) == (
        1,
        "",
        "The database is not at the schema of this version. Run: clinic migrate",
    )
    schema.upgrade(url)
    with closing(open_url(url)) as target, target.reading() as session:
        assert not crud_user.has_users(session)


def test_a_copy_is_brought_back_after_a_crash(environment, tmp_path):
    """What `clinic backup` says to do, from the first booking to the first one afterwards."""
    file = tmp_path / "data" / "clinic.db"
    environment.setenv("DATABASE_URL", f"sqlite:///{file}")
    environment.setenv("APP_ENV", "development")
    assert clinic("migrate").exit_code == 0
    mark_start(file)
    backup = tmp_path / "copy.db"
    assert clinic("backup", str(backup)).exit_code == 0
    leave_a_log(file)
    shutil.copyfile(backup, file)

    for command in (*OF_A_DATABASE, ("migrate",), ("serve",)):
        result = clinic(*command, typed=PASSWORD)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "clinic.db-wal has the last changes of another file than clinic.db" in result.stderr
    result = clinic("restore", "--from", str(backup))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{file} is back. The former one is {file}.replaced-")
    assert clinic("audit", "verify").stdout == f"{WHOLE}{counts(0, 0)}"
    assert clinic("demo-data").exit_code == 0


@pytest.mark.parametrize(
    "options", [(), ("--from", "backup.db", "--until", "2026-11-30T08:00:00Z")]
)
def test_restore_asks_from_what(environment, tmp_path, options):
    (tmp_path / "backup.db").touch()
    environment.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/clinic.db")
    assert refusal(clinic("restore", *options)) == (
        1,
        "",
        "Name either a copy with --from, or a replica with --replica and perhaps --until.",
    )


def leave_a_log(file: Path) -> None:
    """Write, and die before what was written is in the file."""
    script = (
        "import os, sqlite3, sys; connection = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "connection.execute('INSERT INTO job_runs (job, ran_at) VALUES (1, 2)'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", script, file], check=False)
    assert file.with_name(f"{file.name}-wal").stat().st_size > 0


@pytest.mark.parametrize(
    "command",
    [
        ("migrate",),
        ("serve", "--migrate"),
        ("demo-data",),
        ("create-admin", *ADMIN),
        ("audit", "verify"),
        ("copy-database", "source.db"),
    ],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://nobody:pass-word@127.0.0.1:1/clinic", "Connection refused"),
        ("postgresql://nobody:pass-word@127.0.0.1:99999/clinic", 'invalid port number: "99999"'),
        ("sqlite:////dev", "unable to open database file"),
    ],
)
def test_a_database_that_does_not_answer_ends_in_a_sentence(
    environment, tmp_path, command, url, reason
):
    if "source.db" in command:
        schema.upgrade(f"sqlite:///{tmp_path}/source.db")
    environment.setenv("DATABASE_URL", url)
    environment.setenv("API_PORT", str(free_port()))

    code, printed, said = refusal(clinic(*command, typed=PASSWORD))

    assert (code, printed, said.count("\n")) == (2, "", 0)
    assert "pass-word" not in said
    start = "The database does not answer. Is DATABASE_URL right, and the server running? ("
    assert (said[: len(start)], said[-1], reason in said) == (start, ")", True)


def test_a_backup_into_a_missing_folder_is_refused(environment, tmp_path):
    target = tmp_path / "none" / "copy.db"

    assert refusal(clinic("backup", str(target))) == (
        2,
        "",
        f"There is no folder {target.parent}: create it first.",
    )


def test_a_folder_that_cannot_be_made_ends_in_a_sentence(environment):
    environment.setenv("DATABASE_URL", "sqlite:////dev/null/data/clinic.db")

    assert refusal(clinic("migrate")) == (
        2,
        "",
        "The database cannot be used: Not a directory: /dev/null/data.",
    )


def test_a_database_of_a_newer_version_is_left_alone(environment, database):
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert refusal(clinic("migrate")) == (
        2,
        "",
        "The database is at the schema of a newer version. Install that one.",
    )


def test_audit_verify_says_that_the_log_is_whole_or_where_it_is_not(database, environment):
    assert clinic("create-admin", *ADMIN, typed=PASSWORD).exit_code == 0
    whole = clinic("audit", "verify")
    assert (whole.exit_code, whole.output) == (0, f"{WHOLE}{counts(0, 1)}")
    environment.setenv("SECRET_KEY", "whoever-signed-it-had-another-key")
    key_id = AuditKeys([DEVELOPMENT_SECRET.encode()]).current.id
    sentence = (
        "Record 1 of the audit log was added, changed, removed or moved. It names the key"
        f" {key_id}, which is not that of SECRET_KEY nor one of SECRET_KEY_PREVIOUS."
    )
    assert refusal(clinic("audit", "verify")) == (1, "", sentence)
    environment.setenv("SECRET_KEY_PREVIOUS", f"some-other-key, {DEVELOPMENT_SECRET}")
    assert clinic("audit", "verify").output == whole.output


def test_audit_verify_takes_the_head_that_audit_head_printed(database_url):
    assert clinic("audit", "head").output == f"0:{'0' * 64}\n"
    assert clinic("create-admin", *ADMIN, typed=PASSWORD).exit_code == 0
    with closing(open_url(database_url, secrets=[DEVELOPMENT_SECRET.encode()])) as opened:
        with opened.writing() as session:
            assert sealing.seal(session) == 1
        noted = clinic("audit", "head").output.strip()
        whole = (0, f"{WHOLE}{counts(1, 0)}")
        for head in (noted, noted.partition(":")[2], f" {noted.upper()}"):
            result = clinic("audit", "verify", "--head", head)
            assert (result.exit_code, result.output) == whole
        with opened.writing() as session, tables.without_guard(session):
            session.execute(delete(AuditSeal))
            session.execute(delete(AuditRecord))
    assert clinic("audit", "verify").exit_code == 0  # why heads are noted elsewhere
    assert refusal(clinic("audit", "verify", "--head", noted)) == (
        1,
        "",
        f"The audit log does not have the head {noted}: its end was cut off or made anew.",
    )


def test_audit_verify_says_that_a_worker_leaves_records_without_a_seal(database: Database):
    assert clinic("create-admin", *ADMIN, typed=PASSWORD).exit_code == 0
    ran_at = datetime.now(UTC) + timedelta(minutes=2)
    with database.writing() as session:
        crud_job.add_run(
            session, sealing.SEALING, ran_at=ran_at, succeeded_at=None, done=0, failures=0
        )
    code, output, error = refusal(clinic("audit", "verify"))
    assert (code, output) == (1, "")
    assert re.fullmatch(
        r"1 records are not sealed, the oldest since [-\dT:]+Z, although a worker runs\.", error
    )


def test_create_admin_takes_the_password_from_a_pipe(database):
    result = clinic("create-admin", *ADMIN, typed=f"{PASSWORD}\n")
    assert (result.exit_code, result.output) == (
        0,
        "boss can log in and look after the clinic.\n",
    )
    admin = find(database, "boss")
    assert admin is not None
    assert (admin.email, admin.full_name, admin.role, admin.is_active, admin.timezone) == (
        "boss@example.com",
        "Ada Boss",
        Role.ADMIN,
        True,
        "Europe/London",
    )
    assert PasswordHasher(4).verify(PASSWORD, admin.hashed_password)


def converse(command: list[str], answers: list[tuple[str, str]]) -> tuple[int, str]:
    """Run a command at a terminal; type each answer when its question has been printed."""
    terminal, side_of_the_command = pty.openpty()
    process = subprocess.Popen(
        command,
        stdin=side_of_the_command,
        stdout=side_of_the_command,
        stderr=side_of_the_command,
        start_new_session=True,
    )
    os.close(side_of_the_command)
    shown = ""
    with os.fdopen(terminal, "r+b", buffering=0) as screen:
        for question, answer in answers:
            before = len(shown)
            while question not in shown[before:]:
                shown += screen.read(1).decode()
            screen.write(f"{answer}\n".encode())
        try:
            while rest := screen.read(1024):
                shown += rest.decode()
        except OSError:  # Linux: the command has closed its side
            pass
    return process.wait(), shown


def test_create_admin_asks_at_a_terminal_and_does_not_echo(database):
    code, shown = converse(
        [sys.executable, "-m", "app.cli", "create-admin", *ADMIN],
        [
            ("Password: ", PASSWORD),
            ("Repeat for confirmation: ", "something else"),
            ("Password: ", PASSWORD),
            ("Repeat for confirmation: ", PASSWORD),
        ],
    )
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    assert (code, lines[-1]) == (0, "boss can log in and look after the clinic.")
    assert shown.count(PASSWORD) == 0
    admin = find(database, "boss")
    assert admin is not None
    assert PasswordHasher(4).verify(PASSWORD, admin.hashed_password)


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", "Use a password of 7 characters or more."),
        ("short", "Use a password of 7 characters or more."),
        ("ü" * 37, "Use a password of at most 72 bytes."),
        (
            "bell\x07bell",
            "The password cannot be accepted: Control characters and line breaks are not allowed.",
        ),
    ],
)
def test_create_admin_checks_the_password(database, password, sentence):
    result = clinic("create-admin", *ADMIN, typed=f"{password}\n")
    assert refusal(result) == (1, "", sentence)
    assert find(database, "boss") is None


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        (
            ("--username", "BOSS", "--email", "other@example.com"),
            "This user name is taken. Choose another one.",
        ),
        (
            ("--username", "other", "--email", "BOSS@example.com"),
            "An account with this e-mail address exists. Log in, or use another address.",
        ),
    ],
)
def test_create_admin_refuses_a_taken_name(database, second, sentence):
    assert clinic("create-admin", *ADMIN, typed=PASSWORD).exit_code == 0
    result = clinic("create-admin", *second, "--full-name", "Bob Boss", typed=PASSWORD)
    assert refusal(result) == (1, "", sentence)
    assert find(database, "other") is None


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--username", "bo"),
        ("--username", "the boss"),
        ("--email", "nowhere"),
        ("--full-name", " "),
    ],
)
def test_create_admin_takes_what_the_api_takes(database, option, value):
    result = clinic("create-admin", *ADMIN, option, value, typed=PASSWORD)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Invalid value for '{option}'" in result.stderr
    assert find(database, "boss") is None


@pytest.mark.parametrize(
    ("variables", "sentences"),
    [
        (
            {"APP_ENV": "production", "DOCTOR_REGISTRATION": "invite"},
            (
                "refusing to start in production: PUBLIC_URL must begin with https://; "
                "SECRET_KEY must be your own and have 32 characters or more; "
                "PASSWORD_POLICY=document is for trying out; use asvs or nist"
            ),
        ),
        (
            {"API_PORT": "99999", "CLINIC_TIMEZONE": "Mars"},
            (
                "CLINIC_TIMEZONE must be an IANA name such as Europe/London\n"
                "API_PORT: Input should be less than or equal to 65535"
            ),
        ),
    ],
)
def test_settings_that_cannot_work_are_named_and_no_secret_is_told(
    environment, variables, sentences
):
    environment.setenv("SECRET_KEY", "too-short-a-secret")
    for name, value in variables.items():
        environment.setenv(name, value)
    assert refusal(clinic("serve")) == (2, "", sentences)


@pytest.mark.parametrize(
    "command",
    [
        ("migrate",),
        ("serve",),
        ("demo-data",),
        ("create-admin", *ADMIN),
        ("audit", "verify"),
        ("copy-database", __file__),
        ("backup", "copy.db"),
        ("openapi",),
        ("restore", "--replica", "."),
        ("prepare-database", "--replica", ".", "--script", __file__),
    ],
    ids=lambda command: command[0],
)
def test_every_command_names_a_setting_that_cannot_work(environment, command):
    environment.setenv("API_PORT", "abc")

    assert refusal(clinic(*command, typed=PASSWORD)) == (
        2,
        "",
        "API_PORT: Input should be a valid integer, unable to parse string as an integer",
    )


@pytest.fixture
def env_file(environment, tmp_path) -> Path:
    """A `.env` beside the example that lists every setting."""
    shutil.copy(Path(__file__).parents[3] / ".env.example", tmp_path)
    file = tmp_path / ".env"
    environment.setitem(Settings.model_config, "env_file", file)
    return file


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"CLINIC_NAME=Z\xfcrich\n", "{} is in another encoding than UTF-8. Save it as UTF-8."),
        (
            "CLINIC_NAME=Zürich".encode("utf-16"),
            "{} is in another encoding than UTF-8. Save it as UTF-8.",
        ),
        (
            "CLINIC_NAME=Zurich".encode("utf-16-le"),
            "{} is in another encoding than UTF-8. Save it as UTF-8.",
        ),
        (b"\n\nCLINIC NAME=City\n", "Line 3 of {} is not NAME=value."),
        (b"CLINIC_NAME\n", "Line 1 of {} is not NAME=value."),
        (
            b"CLINIC_TIMEZON=Europe/Berlin\n",
            "CLINIC_TIMEZON in {} is no setting. Did you mean CLINIC_TIMEZONE?",
        ),
        (b"api_port=8000\n", "api_port in {} is no setting. Did you mean API_PORT?"),
        (b"VERBOSE=1\n", "VERBOSE in {} is no setting."),
    ],
)
def test_what_is_wrong_in_the_file_is_said(env_file, content, sentence):
    env_file.write_bytes(content)

    assert refusal(clinic("migrate")) == (2, "", sentence.format(env_file))


def test_a_file_that_cannot_be_read_is_said(env_file):
    env_file.mkdir()

    assert refusal(clinic("migrate")) == (2, "", f"{env_file} cannot be read: Is a directory.")


def test_the_file_may_begin_with_a_mark_and_name_what_other_programs_read(env_file):
    env_file.write_text(
        "# Zürich\r\nAPI_PORT=abc\r\nCOMPOSE_PROJECT_NAME=x\r\nPGSSLMODE=require\r\n",
        encoding="utf-8-sig",
    )

    assert refusal(clinic("migrate"))[2].splitlines() == [
        "API_PORT: Input should be a valid integer, unable to parse string as an integer"
    ]


def test_a_misspelt_variable_is_said_and_no_reason_to_stop(env_file, environment):
    environment.setenv("CLINIC_TIMEZON", "Europe/Berlin")
    environment.setenv("API_KEY", "of another program")
    done = clinic("migrate")

    assert (done.exit_code, done.stdout, done.stderr) == (
        0,
        "The database is up to date.\n",
        "CLINIC_TIMEZON in the environment is no setting. Did you mean CLINIC_TIMEZONE?\n",
    )
