"""The power fails: what was not synced to the disk is gone."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.db import schema
from tests.faults.clinic import Ledger, Slot, missing_and_double, rush, stored_bookings
from tests.faults.conftest import Figure, Scale
from tests.faults.disks import Image
from tests.faults.servers import Server, careless, serving

pytestmark = pytest.mark.mounts
DOCTORS = 4


class Cuts:
    """Cuts the power of a server's disk, again and again, without the server's knowing."""

    def __init__(self, image: Image, server: Server, ledger: Ledger, folder: Path) -> None:
        self._image, self._server, self._ledger = image, server, ledger
        self._folder = folder

    def cut(self) -> int:
        """How many of the bookings that were acknowledged before the cut are gone after it."""
        self._server.signal_all(signal.SIGSTOP)
        acknowledged: dict[Slot, int] = dict(self._ledger.acknowledged)
        self._image.cut_power()
        self._server.signal_all(signal.SIGCONT)
        with self._image.mounted_after_the_cut(self._folder) as disk:
            file = disk / "clinic.db"
            with closing(sqlite3.connect(file)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            missing, double = missing_and_double(acknowledged, stored_bookings(f"sqlite:///{file}"))
        assert double == 0
        return missing


def lost_bookings(folder: Path, *, cuts: int, slots: int, **mistake: str) -> list[int]:
    """How many acknowledged bookings each power cut takes."""
    image = Image(folder)
    with image.mounted(folder / "disk") as disk:
        url = f"sqlite:///{disk / 'clinic.db'}"
        schema.upgrade(url)
        with (
            serving(url, folder, **mistake) as server,
            rush(server.address, doctors=DOCTORS, slots=slots) as ledger,
        ):
            power = Cuts(image, server, ledger, folder / "after")
            lost = []
            for number in range(cuts):
                ledger.wait_for(DOCTORS * slots * (number + 1) // (cuts + 1))
                lost.append(power.cut())
    return lost


def test_power_cuts_take_nothing_that_was_acknowledged(
    tmp_path: Path, scale: Scale, figure: Figure
) -> None:
    cuts, slots = scale(10, 1), scale(100, 10)
    lost = lost_bookings(tmp_path, cuts=cuts, slots=slots)
    assert lost == [0] * cuts
    figure(f"{cuts} cuts during {DOCTORS * slots} bookings, 0 missing")


def test_without_syncing_a_power_cut_takes_bookings(tmp_path: Path, figure: Figure) -> None:
    """The control: what is not synced does not outlive such a cut, and it is seen."""
    lost = lost_bookings(tmp_path, cuts=1, slots=10, **careless("synchronous = OFF"))
    assert lost[0] > 0
    figure(f"{lost[0]} acknowledged bookings gone after one cut")
