"""The API is told to stop while it is busy, as in every update."""

import time
from pathlib import Path

from tests.faults.clinic import missing_and_double, rush, stored_bookings
from tests.faults.conftest import Figure, Scale
from tests.faults.servers import serving


def test_told_to_stop_during_bookings(
    database_url: str, tmp_path: Path, scale: Scale, figure: Figure
) -> None:
    stops, doctors, slots = scale(5, 1), scale(8, 4), scale(75, 10)
    with serving(database_url, tmp_path) as server:
        dropped = []
        with rush(server.address, doctors=doctors, slots=slots) as ledger:
            for number in range(stops):
                ledger.wait_for(doctors * slots * (number + 1) // (stops + 1))
                earlier, told = len(ledger.unanswered_at), time.monotonic()
                server.terminate()
                dropped += [sent for sent in ledger.unanswered_at[earlier:] if sent < told]
                server.start()

        stored = stored_bookings(database_url)
        assert missing_and_double(ledger.acknowledged, stored) == (0, 0)
        assert dropped == []
        assert len(stored) == doctors * slots
    figure(
        f"{len(stored)} bookings, {stops} stops, 0 lost, 0 requests without an answer that were"
        f" sent before it was told to stop, {len(ledger.unanswered_at)} after"
    )
