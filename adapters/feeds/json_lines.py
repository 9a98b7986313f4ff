"""Files of papers for `paperround import`: JSON Lines, also packed with xz or gzip.

Each line is an object with `id` and `title`, and as far as known `abstract`, `authors`, `categories`, `comment` and
`announced`; anything else in it is ignored. Of the file only one line is in memory at a time.
"""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, cast

from adapters.feeds.arxiv.fields import LONGEST_COMMENT, arxiv_categories, author_names
from adapters.feeds.limits import LONGEST_ABSTRACT, LONGEST_TITLE, MOST_AUTHORS, YEARS
from bot.errors import OperatorError
from bot.papers.dois import doi_in_link, doi_of
from bot.papers.ids import is_arxiv_id, paper_id_of
from bot.papers.names import Name, read_names
from bot.papers.paper import Paper
from bot.papers.sources import ARXIV
from bot.text.cleaning import clean_line
from bot.text.readable import readable, readable_text, readable_title, tex_of

LONGEST_LINE = 4_000_000
"""Bytes. The longest of arXiv's records, with thousands of authors, has a fifth of this."""

_XZ: Final = b"\xfd7zXZ\x00"
_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not a paper: its number, from 1, and what is wrong with it in a few words."""

    number: int
    reason: str


class _BadLineError(ValueError):
    """What is wrong with a line."""


class PapersFile:
    """The papers of a file, in its order, with what is wrong with the lines that are none.

        with PapersFile(path) as file:
            for entry in file: ...  # a Paper or a BadLine

    Opening raises `OperatorError` for a file that is missing, unreadable or not what its ending says; so does reading,
    for one that turns out to be damaged or cut short, or a JSON array. `size` and `position` count the bytes of the
    file as it is on the disk; a pipe has the size 0. It is read once.
    """

    def __init__(self, path: Path) -> None:
        self.name: Final = path.name
        self.size = 0
        self._path = path
        self._raw: _CountedBytes | None = None
        self._lines: BinaryIO | None = None

    @property
    def position(self) -> int:
        return self._raw.count if self._raw else 0

    def __enter__(self) -> Self:
        try:
            self._raw = _CountedBytes(self._path)
            self.size = self._raw.size
            self._lines = self._unpacked(io.BufferedReader(self._raw, 1 << 18))
        except OSError as error:
            self._close()
            raise OperatorError(f"“{self.name}” cannot be read: {_reason(error)}.") from error
        except OperatorError:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def __iter__(self) -> Iterator[Paper | BadLine]:
        number, begun = 0, False
        try:
            for number, line in self._numbered_lines():
                if not begun and line and line.lstrip().startswith(b"["):
                    raise OperatorError(
                        f"“{self.name}” is one JSON array; papers come one object per line (JSON Lines). "
                        "`jq -c '.[]' FILE > papers.jsonl` makes them so."
                    )
                begun = begun or bool(line is None or line.strip())
                if line is None:
                    yield BadLine(number, f"longer than {LONGEST_LINE // 1_000_000} MB")
                elif line.strip():
                    yield _entry(number, line)
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            raise OperatorError(
                f"“{self.name}” is damaged or cut short: after line {number:,}, {self.position:,} of {self.size:,} "
                f"bytes into the file, it cannot be read any further ({_reason(error)})."
            ) from error

    def _numbered_lines(self) -> Iterator[tuple[int, bytes | None]]:
        """The lines with their numbers; None for one that is too long."""
        if self._lines is None:
            raise ValueError("open the file in a with statement")
        number = 0
        while line := self._lines.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) <= LONGEST_LINE:
                yield number, line.removeprefix(_BOM) if number == 1 else line
                continue
            while line and not line.endswith(b"\n"):
                line = self._lines.readline(LONGEST_LINE)
            yield number, None

    def _unpacked(self, packed: io.BufferedReader) -> BinaryIO:
        ending = self._path.suffix.lower()
        start = packed.peek(len(_XZ))[: len(_XZ)]
        found = ".xz" if start == _XZ else ".gz" if start[: len(_GZIP)] == _GZIP else ""
        if ending in {".xz", ".gz"} and found != ending:
            raise OperatorError(f"“{self.name}” is not a {ending} file. Rename it after what it is, or pack it again.")
        if found != ending and found:
            raise OperatorError(f"“{self.name}” is packed: give it a name that ends in {found}.")
        if found == ".xz":
            return _buffered(lzma.LZMAFile(packed, format=lzma.FORMAT_XZ))
        if found == ".gz":
            return _buffered(gzip.GzipFile(fileobj=packed))
        return packed

    def _close(self) -> None:
        if self._lines:
            self._lines.close()
        if self._raw:
            self._raw.close()


class _CountedBytes(io.RawIOBase):
    """A file on the disk, or a pipe, that counts what was read of it. Raises `OSError` as opening a file does."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.size = os.fstat(self._file.fileno()).st_size
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # which buffers has no name before 3.12
        size = self._file.readinto(buffer)
        self.count += size
        return size

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _buffered(unpacked: lzma.LZMAFile | gzip.GzipFile) -> BinaryIO:
    # Their own `readline` is slow, one of them in pure Python.
    return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", unpacked), 1 << 18))


def _reason(error: Exception) -> str:
    # `str` of an OSError repeats the path.
    said = error.strerror if isinstance(error, OSError) else str(error)
    return clean_line(said or str(error) or type(error).__name__, 200).rstrip(".")


def _entry(number: int, line: bytes) -> Paper | BadLine:
    try:
        return _paper(_object(line))
    except _BadLineError as error:
        return BadLine(number, str(error))


def _object(line: bytes) -> dict[str, object]:
    try:
        # Python refuses numbers of 5,000 digits; none of them is of interest here.
        value = json.loads(line.decode("utf-8"), parse_int=lambda digits: int(digits[:18]))
    except UnicodeDecodeError:
        raise _BadLineError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise _BadLineError("not JSON, or cut short") from None
    if not isinstance(value, dict):
        raise _BadLineError("not a JSON object")
    return value


def _paper(record: dict[str, object]) -> Paper:
    paper_id = _paper_id(record.get("id"))
    arxiv = is_arxiv_id(paper_id)
    return Paper(
        id=paper_id,
        doi="" if arxiv else doi_of(str(record["id"])) or doi_in_link(str(record["id"])) or "",
        title=_title(record.get("title")),
        title_tex=tex_of(str(record["title"]), LONGEST_TITLE),
        abstract=readable_text(_text("abstract", record), LONGEST_ABSTRACT),
        authors=_authors(record.get("authors")),
        categories=_categories(record.get("categories")),
        author_comment=readable(_text("comment", record), LONGEST_COMMENT),
        published_on=_announced(record.get("announced")),
        sources=frozenset({ARXIV}) if arxiv else frozenset(),
    )


def _paper_id(value: object) -> str:
    if value is None:
        raise _BadLineError("no id")
    # Never a number: 2604.1303 has lost its last zero.
    found = paper_id_of(value) if isinstance(value, str) else None
    if found is None:
        raise _BadLineError(f"id {_shown(value)} is not an arXiv id")
    return found


def _title(value: object) -> str:
    title = readable_title(value, LONGEST_TITLE) if isinstance(value, str) else ""
    if not title:
        raise _BadLineError("no title")
    return title


def _text(name: str, record: dict[str, object]) -> str:
    value = record.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _BadLineError(f"{name} is not text")
    return value


def _authors(value: object) -> tuple[Name, ...]:
    names = author_names(value) if isinstance(value, str) else _strings("authors", value)
    return tuple(read_names(names[:MOST_AUTHORS])[:MOST_AUTHORS])


def _categories(value: object) -> tuple[str, ...]:
    return arxiv_categories([value] if isinstance(value, str) else _strings("categories", value))


def _strings(name: str, value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _BadLineError(f"{name} is neither a list of texts nor a text")
    return value


def _announced(value: object) -> date | None:
    if value is None or value == "":
        return None
    try:
        # A moment is good enough: its day is what it begins with.
        day = date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise _BadLineError(f"announced {_shown(value)} is not a date like 2026-04-30")
    return day


def _shown(value: object) -> str:
    return f"“{clean_line(value, 40)}”" if isinstance(value, str) else f"({type(value).__name__})"
