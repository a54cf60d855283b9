"""Names of time zones: those that people choose from, and those that were stored long ago."""

import zoneinfo
from pathlib import Path

import pytest

from app.domain.time import zones
from app.domain.time.zones import find_zone, is_zone, zone_names


@pytest.mark.parametrize("name", ["UTC", "Europe/London", "America/Argentina/Buenos_Aires", "EST"])
def test_zones(name: str):
    assert is_zone(name)
    assert name in zone_names()
    assert find_zone(name) == zoneinfo.ZoneInfo(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "localtime",
        "Factory",
        "posixrules",
        "posix/Europe/London",
        "right/Europe/London",
        "europe/london",
        "utc",
        " UTC",
        "Europe",
        "Mars/Base",
        "../zoneinfo/UTC",
        "/etc/localtime",
        "tzdata.zi",
        "UTC\0",
        "Ä",
    ],
)
def test_no_zones(name: str):
    assert not is_zone(name)
    assert find_zone(name) is None


def test_names_are_listed_once(monkeypatch: pytest.MonkeyPatch):
    listed: list[int] = []
    monkeypatch.setattr(
        zones, "available_timezones", lambda: listed.append(1) or {"UTC", "Factory"}
    )
    zones.zone_names.cache_clear()
    zones._names.cache_clear()
    try:
        assert [zone_names(), zone_names()] == [("UTC",)] * 2
        assert [is_zone("UTC"), is_zone("Europe/London")] == [True, False]
        assert len(listed) == 1
    finally:
        zones.zone_names.cache_clear()
        zones._names.cache_clear()


def test_a_zone_whose_rules_cannot_be_read_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "Broken").write_bytes(b"TZif, but no more")
    monkeypatch.setattr(zones, "_names", lambda: frozenset({"Broken", "Gone", "UTC"}))
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([tmp_path])
    try:
        assert [find_zone("Broken"), find_zone("Gone")] == [None, None]
    finally:
        zoneinfo.reset_tzpath(before)
    assert find_zone("UTC") is not None
