"""Small file systems that can fill up or lose their power. Mounting them needs root."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEGABYTE = 1024 * 1024
PROGRAMS = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"  # not everybody's PATH has them


def can_mount() -> bool:
    """Whether this user may mount: in a container root may not either."""
    if os.geteuid() != 0:
        return False
    attempt = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
        capture_output=True,
        check=False,
    )
    return attempt.returncode == 0


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", *options, folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def tiny_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    """A file system in memory that is full soon."""
    with mounted(folder, "-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "none") as disk:
        yield disk


class Image:
    """A disk that is a file: what the file has, and only that, outlives a power cut.

    What a program wrote but did not sync is in the memory of the kernel, not in the file. The
    mount options keep the kernel from syncing by itself meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "disk.img"
        self._copy = folder / "after-the-cut.img"
        with self._file.open("wb") as image:
            image.truncate(64 * MEGABYTE)
        make_file_system = shutil.which("mkfs.ext4", path=PROGRAMS) or "mkfs.ext4"
        subprocess.run([make_file_system, "-q", "-F", self._file], check=True)

    @contextmanager
    def mounted(self, folder: Path) -> Iterator[Path]:
        with mounted(folder, "-o", "loop,commit=300", str(self._file)) as disk:
            yield disk

    def cut_power(self) -> None:
        """Keep what would be left after a power cut at this moment."""
        shutil.copyfile(self._file, self._copy)

    @contextmanager
    def mounted_after_the_cut(self, folder: Path) -> Iterator[Path]:
        with mounted(folder, "-o", "loop", str(self._copy)) as disk:
            yield disk


def fill(disk: Path) -> Path:
    """Leave no room on a disk; the file that takes it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (MEGABYTE, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return ballast
