# Copied from backend/app/core/checked_settings.py by `make generate`.
"""Reading settings: what cannot work ends in sentences, and names that are no settings are said.

The frontend reads its settings in the same way: `make generate` copies this module there.
"""

import io
import os
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from dotenv.parser import parse_stream
from pydantic import HttpUrl, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings

ENCODING = "utf-8-sig"  # editors on Windows begin a file with a byte order mark
EXAMPLE = ".env.example"
OF_OTHER_PROGRAMS = ("COMPOSE_", "DOCKER_", "PG", "PYTHON", "SSL_", "STREAMLIT_", "TZ")
SIMILAR = 0.85  # LOGLEVEL is meant as LOG_LEVEL, API_KEY is not meant as API_PORT
VAGUELY_SIMILAR = 0.6

Settings = TypeVar("Settings", bound=BaseSettings)


class SettingsError(Exception):
    """Settings that cannot work, as sentences for those who run the clinic."""


def read_settings(kind: type[Settings]) -> Settings:
    """The settings of the environment and of the file that they name.

    Raises SettingsError, one line for each thing that has to be corrected.
    """
    wrong = [sentence for file in _files(kind) for sentence in problems(file)]
    if wrong:
        raise SettingsError("\n".join(wrong))
    try:
        return kind()
    except ValidationError as invalid:
        wrong = list(map(_wrong_setting, invalid.errors(include_input=False)))
        raise SettingsError("\n".join(wrong)) from None


def doubts(kind: type[BaseSettings], environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """A sentence for each variable of the environment whose name is almost a setting's."""
    known = {name for file in _files(kind) for name in known_names(file.with_name(EXAMPLE))}
    for name in environment:
        suggestion = "" if _is_allowed(name, known) else _suggestion(name, known, SIMILAR)
        if suggestion:
            yield f"{name} in the environment is no setting.{suggestion}"


def public_address(url: str) -> str:
    """An address as browsers write it in `Origin`. Raises ValueError when it is no such address.

    The pages and their cookies need an address of their own: a path is refused.
    """
    try:
        address = HttpUrl(url)
    except ValidationError:
        address = None
    if address is None or address.username or address.password:
        raise ValueError("PUBLIC_URL must be an address such as https://clinic.example.org")
    if (address.path, address.query, address.fragment) != ("/", None, None):
        raise ValueError(
            "PUBLIC_URL must not have a path, because the clinic cannot be served below one."
            " Give it a host name of its own, such as https://clinic.example.org"
        )
    return str(address).rstrip("/")


def problems(file: Path) -> Iterator[str]:
    """A sentence for each thing in the file that cannot be read or is no setting."""
    try:
        text = file.read_text(ENCODING) if file.exists() else ""
    except OSError as error:
        yield f"{file} cannot be read: {error.strerror}."
        return
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        yield f"{file} is in another encoding than UTF-8. Save it as UTF-8."
        return
    known = known_names(file.with_name(EXAMPLE))
    for line in parse_stream(io.StringIO(text)):
        if line.error or (line.key and line.value is None):
            text = line.original.string  # with the blank lines before it
            number = line.original.line + text[: -len(text.lstrip())].count("\n")
            yield f"Line {number} of {file} is not NAME=value."
        elif known and line.key and not _is_allowed(line.key, known):
            suggestion = _suggestion(line.key, known, VAGUELY_SIMILAR)
            yield f"{line.key} in {file} is no setting.{suggestion}"


def known_names(example: Path) -> frozenset[str]:
    """The settings of both parts and of Docker Compose; empty where there is no example."""
    text = example.read_text("utf-8") if example.exists() else ""
    return frozenset(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))


def _files(kind: type[BaseSettings]) -> list[Path]:
    named = kind.model_config.get("env_file")
    return [Path(named)] if isinstance(named, str | Path) else []


def _is_allowed(name: str, known: Collection[str]) -> bool:
    return name in known or name.startswith(OF_OTHER_PROGRAMS)


def _suggestion(name: str, known: Collection[str], similarity: float) -> str:
    similar = get_close_matches(name.upper(), known, n=1, cutoff=similarity)
    return f" Did you mean {similar[0]}?" if similar else ""


def _wrong_setting(error: ErrorDetails) -> str:
    """What is wrong; it begins with the name of the variable where it is one."""
    variable = "_".join(map(str, error["loc"])).upper()
    sentence = error["msg"].removeprefix("Value error, ")
    return sentence if sentence.startswith(variable) else f"{variable}: {sentence}"
