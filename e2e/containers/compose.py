"""A clinic in containers: one project of Docker Compose, with ports and volumes of its own."""

import json
import os
import secrets
import subprocess
from pathlib import Path
from typing import Any

from e2e.system import ROOT, free_port

SERVICES = ("database", "backend", "frontend")
NO_FILE = "/dev/null"


class Compose:
    """The compose files of a folder, run with the settings of `env_file` and `more`."""

    def __init__(
        self, *overrides: str, folder: Path = ROOT, env_file: str = ".env.example", **more: str
    ) -> None:
        api_port, frontend_port = free_port(), free_port()
        self.api_url = f"http://localhost:{api_port}"
        self.url = f"http://localhost:{frontend_port}"
        self.folder = folder
        self.env_file = env_file
        self.environment = {
            **{
                name: os.environ[name]
                for name in ("PATH", "HOME", "DOCKER_HOST")
                if name in os.environ
            },
            "COMPOSE_PROJECT_NAME": f"clinic-test-{secrets.token_hex(4)}",
            "API_PORT": str(api_port),
            "FRONTEND_PORT": str(frontend_port),
            "CLINIC_NETWORK": f"10.{secrets.randbelow(100) + 100}.{secrets.randbelow(256)}",
            "BCRYPT_COST": "6",
            # A test books as fast as it can, for one patient.
            "OPEN_VISITS_PER_PATIENT": "1000",
            "WRITES_PER_MINUTE": "100000",
            "NETWORK_WRITES_PER_MINUTE": "100000",
            **more,
        }
        self.use(*overrides)

    def use(self, *overrides: str) -> None:
        """Lay these files over docker-compose.yml from now on."""
        self.files = [f"--file={name}" for name in ("docker-compose.yml", *overrides)]

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `docker compose` command, whatever comes of it."""
        return subprocess.run(
            ["docker", "compose", f"--env-file={self.env_file}", *self.files, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *arguments: str) -> str:
        """Run a `docker compose` command; what it printed. Raises `RuntimeError` with its log."""
        finished = self.attempt(*arguments)
        if finished.returncode:
            logs = self.attempt("logs", "--no-color", "--tail=40").stdout
            said = f"{logs[-6000:]}\n{finished.stdout}\n{finished.stderr[-6000:]}"
            raise RuntimeError(f"docker compose {' '.join(arguments)} failed:\n{said}")
        return finished.stdout

    def up(self) -> None:
        """Build the images and start everything; wait until all is healthy."""
        self.run("up", "--build", "--wait", "--detach")

    def start(self) -> None:
        """Start what was stopped, with the images that are there."""
        self.run("up", "--no-build", "--wait", "--detach")

    def down(self) -> None:
        """Take everything down, volumes included."""
        self.run("down", "--volumes", "--remove-orphans", "--timeout=5")

    def restart(self, service: str) -> None:
        """Restart one service and wait until it is healthy."""
        self.run("restart", service)
        self.run("up", "--no-build", "--wait", "--detach", "--no-recreate", service)

    def inspect(self, service: str) -> dict[str, Any]:
        """What the engine knows of the service's container."""
        container = self.run("ps", "--all", "--quiet", service).strip()
        found = subprocess.run(
            ["docker", "inspect", container],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        described: list[dict[str, Any]] = json.loads(found.stdout)
        return described[0]
