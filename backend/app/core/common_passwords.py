"""A list of common passwords that is searched in its file, so that it takes no memory.

The file has a hash of 36 bits for each password: the first 20 bits are a bucket, the others stand
in the bucket, sorted. One in 14,000 passwords that are not on the list is taken for one that is.

Layout, little-endian: for each group of 256 buckets the number of hashes before it (32 bits);
for each bucket how many hashes it has (8 bits); the hashes of all buckets (16 bits each).
"""

import hashlib
import mmap
import struct
from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

FILE = Path(__file__).with_name("common_passwords.bin")
BUCKETS = 1 << 20
GROUP = 1 << 8
COUNTS_AT = BUCKETS // GROUP * 4
HASHES_AT = COUNTS_AT + BUCKETS


class CommonPasswords:
    """The passwords of a file that `write` made, each in its folded form."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file

    def __contains__(self, password: str) -> bool:
        bucket, rest = _hash(password)
        group = bucket // GROUP
        (first,) = struct.unpack_from("<I", self._map, group * 4)
        counts = self._map[COUNTS_AT + group * GROUP : COUNTS_AT + bucket + 1]
        start = HASHES_AT + (first + sum(counts[:-1])) * 2
        hashes = struct.unpack_from(f"<{counts[-1]}H", self._map, start)
        place = bisect_left(hashes, rest)
        return place < len(hashes) and hashes[place] == rest

    @cached_property
    def _map(self) -> mmap.mmap:
        with self._file.open("rb") as opened:
            return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)


def write(file: Path, passwords: Iterable[str]) -> int:
    """Write a list of passwords in their folded form; how many hashes it has."""
    hashes = sorted(set(map(_hash, passwords)))
    counts = bytearray(BUCKETS)
    for bucket, _ in hashes:
        counts[bucket] += 1
    before = [0]
    for start in range(0, BUCKETS, GROUP):
        before.append(before[-1] + sum(counts[start : start + GROUP]))
    file.write_bytes(
        struct.pack(f"<{len(before) - 1}I", *before[:-1])
        + counts
        + struct.pack(f"<{len(hashes)}H", *(rest for _, rest in hashes))
    )
    return len(hashes)


def _hash(password: str) -> tuple[int, int]:
    """The bucket of a password and the rest of its hash."""
    digest = hashlib.blake2b(password.encode(errors="replace"), digest_size=8).digest()
    number = int.from_bytes(digest, "little")
    return number % BUCKETS, (number >> 20) & 0xFFFF
