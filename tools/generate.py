"""Writes the files that follow from others: the API's description, SQL and hashed requirements."""

import argparse
import difflib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLINIC = str(Path(sys.executable).with_name("clinic"))
# Both parts read settings, guard their port and name zones in the same way, and neither imports
# the other.
SHARED_MODULES = {
    "core/checked_settings.py": "config/checked_settings.py",
    "core/client_address.py": "config/client_address.py",
    "core/listening.py": "server/listening.py",
    "domain/time/zones.py": "config/zones.py",
    "http/server_protocol.py": "server/protocol.py",
}


def main() -> str | None:
    """Return what is wrong, as a sentence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uv", default="uv", help="the uv to export the lock with")
    parser.add_argument(
        "--check", action="store_true", help="write nothing, show what would change"
    )
    options = parser.parse_args()
    stale = [
        path
        for path, text in generated(options.uv)
        if resolve(path, text, only_check=options.check)
    ]
    if options.check and stale:
        return f"Out of step: {', '.join(stale)}. Run `make generate` and commit the result."
    return None


def generated(uv: str) -> Iterator[tuple[str, str]]:
    """Each file with its contents; a later one may be made from an earlier one, once written."""
    yield "backend/openapi.json", output_of([CLINIC, "openapi"])
    yield "frontend/ui/api/models.py", output_of([sys.executable, "frontend/generate_models.py"])
    for module, copy in SHARED_MODULES.items():
        yield f"frontend/ui/{copy}", copy_of(f"backend/app/{module}")
    yield "database/init.sql", output_of([CLINIC, "init-sql"])
    yield "backend/requirements.txt", requirements(uv, "--package", "clinic-backend")
    yield "backend/requirements-build.txt", requirements(uv, "--only-group", "build")
    yield "database/requirements.txt", requirements(uv, "--only-group", "database")
    yield "frontend/requirements.txt", requirements(uv, "--package", "clinic-frontend")


def resolve(path: str, text: str, *, only_check: bool) -> bool:
    """Write the file, or show how it differs; whether it did differ."""
    if committed(path) == text:
        return False
    if only_check:
        show_difference(path, text)
    else:
        (ROOT / path).write_text(text)
        print(f"wrote {path}")
    return True


def requirements(uv: str, *selection: str) -> str:
    """The locked libraries of one part, with hashes, for `pip install --require-hashes`."""
    export = ["export", *selection, "--no-dev", "--no-emit-workspace", "--frozen"]
    libraries = output_of([uv, *export, "--no-header", "--no-annotate", "--quiet"])
    return f"# Generated from uv.lock by `make generate`.\n{libraries}"


def copy_of(path: str) -> str:
    return f"# Copied from {path} by `make generate`.\n{(ROOT / path).read_text()}"


def output_of(command: list[str]) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def committed(path: str) -> str:
    file = ROOT / path
    return file.read_text() if file.exists() else ""


def show_difference(path: str, text: str) -> None:
    before, after = committed(path).splitlines(), text.splitlines()
    for line in difflib.unified_diff(before, after, path, f"{path}, generated", lineterm=""):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
