"""The processes of the Procfile: started together, started again when one ends, ended together."""

import io
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, TextIO

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer
from honcho.process import Process

SHORTEST_WAIT = 0.5  # seconds before a process that ended is started again; doubled each time
LONGEST_WAIT = 30.0
STEADY_SECONDS = 60.0  # a process that ran for so long is not failing again and again


def run_processes(environment: dict[str, str], *, without: Collection[str] = ()) -> int:
    """Runs the Procfile, `without` some of its processes, until it is told to stop; the exit code.

    Being stopped on purpose is a success.
    """
    manager = RestartingManager(Printer(unbuffered(sys.stdout)))
    for name, command in parse_procfile(Path("Procfile").read_text()).processes.items():
        if name not in without:
            manager.add_process(name, command, env=environment)
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    manager.loop()
    stopped_on_purpose = manager.returncode in {128 + signal.SIGINT, 128 + signal.SIGTERM}
    return 0 if stopped_on_purpose else int(manager.returncode)


class RestartingManager(Manager):  # type: ignore[misc] # honcho has no types
    """Ends all processes when it is told to stop, and only then."""

    def __init__(self, printer: Printer) -> None:
        super().__init__(printer)
        self._is_ending = multiprocessing.Event()
        self._process_ctor = self._restarted_process

    def _restarted_process(self, *arguments: Any, **options: Any) -> "RestartedProcess":
        return RestartedProcess(self._is_ending, *arguments, **options)

    def terminate(self) -> None:
        self._is_ending.set()
        super().terminate()


class RestartedProcess(Process):  # type: ignore[misc] # honcho has no types
    """A process that is started again when it ends; the pauses grow while it keeps ending.

    honcho runs it in a process of its own, and takes what it sends for its state: it has started,
    with a new pid each time, and it has stopped for good.
    """

    def __init__(self, is_ending: Any, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **options)
        self._is_ending = is_ending

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:  # noqa: ANN401, ARG002, FBT001, FBT002
        self._events = events
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, do_nothing)  # ignored, but not by what is started from here
        wait = SHORTEST_WAIT
        while True:
            started = time.monotonic()
            code = self._run_once()
            if self._is_ending.is_set():
                break
            if time.monotonic() - started > STEADY_SECONDS:
                wait = SHORTEST_WAIT
            self._say(f"{self.name} ended (rc={code}): it is started again in {wait:g} seconds")
            if self._is_ending.wait(wait):
                break
            wait = min(2 * wait, LONGEST_WAIT)
        self._send_message({"returncode": code}, type="stop")

    def _run_once(self) -> int:
        """Run the command to its end, with all that it started; its exit code."""
        self._child = self._child_ctor(self.cmd, env=self.env, cwd=self.cwd)
        self._send_message({"pid": self._child.pid}, type="start")
        if self._is_ending.is_set():  # since before honcho knew this pid
            self._signal_group(signal.SIGTERM)
        reader = Thread(target=self._pass_on_output)
        reader.start()
        code = int(self._child.wait())
        self._signal_group(signal.SIGKILL)  # workers that a killed server left behind
        reader.join()
        return code

    def _pass_on_output(self) -> None:
        with self._child.stdout as output:
            for line in output:
                self._send_message(line)

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, number)

    def _say(self, sentence: str) -> None:
        self._send_message(f"{sentence}\n".encode())


def do_nothing(*_: object) -> None:
    """Handle a signal that the processes of the group handle themselves."""


def unbuffered(stream: TextIO) -> TextIO:
    """Where a stream goes to, for a printer that a signal may interrupt in order to print itself.

    Python's buffers refuse to be written to while they are being written.
    """
    raw = io.FileIO(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(raw, encoding=stream.encoding, write_through=True)
