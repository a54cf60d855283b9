"""The API's processes end in the midst of bookings."""

from pathlib import Path

from tests.faults.clinic import missing_and_double, rush, stored_bookings
from tests.faults.conftest import Figure, InTime, Scale
from tests.faults.servers import serving

RESTART_SECONDS = 3.0


def test_killed_during_bookings(
    database_url: str, tmp_path: Path, scale: Scale, in_time: InTime, figure: Figure
) -> None:
    kills, doctors, slots = scale(6, 1), scale(8, 4), scale(250, 10)
    with serving(database_url, tmp_path) as server:
        restarts = []
        with rush(server.address, doctors=doctors, slots=slots) as ledger:
            for number in range(kills):
                ledger.wait_for(doctors * slots * (number + 1) // (kills + 1))
                server.kill()
                restarts.append(server.start())

        stored = stored_bookings(database_url)
        assert missing_and_double(ledger.acknowledged, stored) == (0, 0)
        assert len(stored) == doctors * slots
        assert server.run("audit", "verify").startswith("The audit log is whole.\n")
    figure(
        f"{len(stored)} bookings, {kills} kills, {len(ledger.unanswered_at)} requests cut off and"
        f" sent again, 0 missing, 0 double, slowest restart {max(restarts):.1f} s"
    )
    assert in_time(max(restarts), RESTART_SECONDS)
