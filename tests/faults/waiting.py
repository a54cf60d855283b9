"""Waiting for what happens elsewhere."""

import threading
from collections.abc import Callable

LOCK_TIMEOUT_SECONDS = 60.0
SECONDS_BETWEEN_LOOKS = 0.02


def wait_until(condition: Callable[[], bool], *, within: float = LOCK_TIMEOUT_SECONDS) -> None:
    """Look again and again. Raises AssertionError when it does not come true in time."""
    tick = threading.Event()
    for _ in range(round(within / SECONDS_BETWEEN_LOOKS)):
        if condition():
            return
        tick.wait(SECONDS_BETWEEN_LOOKS)
    raise AssertionError(f"It did not happen within {within} seconds.")
