"""Parcels: a zip written piece by piece on the disk, the same bytes for the same content."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from tempfile import TemporaryFile
from typing import IO, Any, Self
from weakref import finalize
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

PIECE = 64 * 1024
NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip may say: what it holds tells its own dates


@dataclass(frozen=True)
class Part:
    """A file of the parcel. `rows`: how many lines a table has, under its `header`."""

    name: str
    size: int
    sha256: str
    header: tuple[str, ...] = ()
    rows: int | None = None


class Parcel:
    """A zip in a file that nobody else sees, gone with this object. Read at any place by several at the same time."""

    def __init__(self) -> None:
        self.parts: dict[str, Part] = {}
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115  closed with this object
        finalize(self, self._file.close)
        self._zip = ZipFile(self._file, "w", ZIP_DEFLATED)
        self._open: Any = None

    # ── Written inside `with`: begin, write, end, for each part in turn

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._open:
            self._open.close()
        self._zip.close()
        self._file.flush()

    def begin(self, name: str) -> None:
        told = ZipInfo(name, NO_TIME)
        told.compress_type, told.create_system, told.external_attr = ZIP_DEFLATED, 3, 0o644 << 16
        self._open = self._zip.open(told, "w", force_zip64=True)
        self._name, self._size, self._sha = name, 0, hashlib.sha256()

    def write(self, content: bytes) -> None:
        self._open.write(content)
        self._size += len(content)
        self._sha.update(content)

    def end(self, header: Iterable[str] = (), rows: int | None = None) -> None:
        self._open.close()
        self.parts[self._name] = Part(self._name, self._size, self._sha.hexdigest(), tuple(header), rows)

    def add(self, name: str, content: bytes, header: Iterable[str] = ()) -> None:
        """A part that is whole already."""
        self.begin(name)
        self.write(content)
        self.end(header)

    # ── Read

    @property
    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    @property
    def fingerprint(self) -> str:
        """What tells this content from any other."""
        return hashlib.sha256(self.sums().encode()).hexdigest()

    def sums(self) -> str:
        """The SHA-256 of each part, as `sha256sum -c` reads them."""
        return "".join(f"{part.sha256}  {part.name}\n" for part in self.parts.values())

    def pieces(self) -> Iterator[bytes]:
        """The whole zip."""
        at = 0
        while piece := os.pread(self._file.fileno(), PIECE, at):
            at += len(piece)
            yield piece

    def part(self, name: str) -> Iterator[bytes]:
        """One of its files, unpacked."""
        with ZipFile(BufferedReader(_Reading(self._file.fileno(), self.size))) as opened, opened.open(name) as part:
            while piece := part.read(PIECE):
                yield piece


class _Reading(RawIOBase):
    """A place of one's own in a file that others read."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor, self._size, self._at = descriptor, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        read = os.pread(self._descriptor, len(buffer), self._at)
        buffer[: len(read)] = read
        self._at += len(read)
        return len(read)
