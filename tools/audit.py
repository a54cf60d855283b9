"""Asks whether anything in the hashed requirements has a known hole, with pip-audit."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = (
    "backend/requirements.txt",
    "database/requirements.txt",
    "frontend/requirements.txt",
)
PIP_AUDIT = str(Path(sys.executable).with_name("pip-audit"))
UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ServiceError", "ProxyError")
NOT_CHECKED = f"""
{"!" * 88}
NOT CHECKED: whether the libraries have known holes. The data on them, at api.osv.dev, cannot
be reached from here. Everything else may have passed, this has not: run `make check` where
api.osv.dev can be reached before anything is released.
{"!" * 88}
"""


def main() -> int:
    """Return 1 when something has a hole; data that cannot be reached are no failure."""
    files = [option for file in REQUIREMENTS for option in ("--requirement", file)]
    finished = subprocess.run(
        [
            *(PIP_AUDIT, "--vulnerability-service=osv", "--require-hashes", "--disable-pip"),
            *("--progress-spinner=off", "--timeout=10", *files),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode and any(sign in finished.stderr for sign in UNREACHABLE):
        print(NOT_CHECKED, file=sys.stderr)
        return 0
    print(finished.stdout + finished.stderr, end="")
    return finished.returncode


if __name__ == "__main__":
    sys.exit(main())
