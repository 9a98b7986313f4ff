"""The files of an index: opened, checked, written by one process at a time, thrown away when they are of no use.

Everything in here blocks.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Final

import structlog
from tantivy import FieldType, Index, IndexWriter, Query, Schema, Searcher

from bot.errors import StorageError
from bot.papers.paper import Paper
from storage.search.documents import FORMAT, document, schema

WRITER_MEMORY: Final = 100_000_000  # bytes that are gathered at most before they are written out
WRITER_THREADS: Final = 1
_FOLDER: Final = "format-"
_LOCK: Final = "writer.lock"
_SEGMENT_PARTS: Final = ("fast", "fieldnorm", "idx", "pos", "store", "term")
_PIECE: Final = 1 << 20  # bytes read at once

_log = structlog.get_logger()


class DamagedIndexError(StorageError):
    """The engine could not do its work: most likely the files are missing, of another version, or damaged."""


@contextmanager
def engine_errors() -> Iterator[None]:
    """Raises `DamagedIndexError` for whatever the engine raises, which says little about the reason."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise DamagedIndexError(f"The search index failed: {error}") from error
    except BaseException as error:
        # Where the engine does not expect what it finds, it panics, and Python sees a class that cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise DamagedIndexError(f"The search index failed: {error}") from error


class IndexFiles:
    """The index in a folder, as this process sees it.

    `searcher` may be called from any thread at any time, everything else from one at a time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"{_FOLDER}{FORMAT}"
        self._index = _ready(Index(schema()))  # empty and in memory: what can be searched until files are there
        self.opened = False  # whether there are files at all

    @property
    def schema(self) -> Schema:
        return self._index.schema

    def searcher(self) -> Searcher:
        return self._index.searcher()

    def look_again(self) -> None:
        """Sees what others have written since. Keeps what it had if there is nothing that could be read."""
        if not self.opened:
            self._open()
            return
        try:
            with engine_errors():
                self._index.reload()
        except DamagedIndexError as error:
            self._close(error)

    def write(self, *, check: bool = False) -> IndexWriting | None:
        """The right to write, None if another process has it. What is unreadable is thrown away and begun anew.

        `check` reads every byte that there is, to compare it with the checksums. The right ends with `close`, or with
        the process, however that ends.
        """
        with engine_errors(), ExitStack() as on_failure:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = on_failure.enter_context((self._folder / _LOCK).open("ab"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.look_again()
                return None
            if check and self._path.exists() and (damage := _damage(self._path)):
                _log.warning("index.damaged", folder=str(self._path), reason=damage)
                self.opened = False
            else:
                # An engine that was opened before others wrote does not know which files they no longer need.
                self._open()
            if not self.opened:
                self.begin_anew()
            self._remove_other_formats()
            writing = IndexWriting(self, lock)
            on_failure.pop_all()
            return writing

    def begin_anew(self) -> None:
        """Throws the files away and starts an empty index. Only for who has the right to write."""
        with engine_errors():
            if self._path.is_dir():
                shutil.rmtree(self._path)
            else:
                self._path.unlink(missing_ok=True)
            self._path.mkdir()
            self._index = _ready(Index(schema(), path=str(self._path)))
        self.opened = True

    def writer(self) -> IndexWriter:
        with engine_errors():
            return self._index.writer(WRITER_MEMORY, WRITER_THREADS)

    @property
    def paper_count(self) -> int:
        return self.searcher().num_docs

    @property
    def last_change(self) -> int:
        """The number of the latest change that is in the index, 0 if nothing is.

        It is that of a document, so it is committed with the documents, and a crash can only repeat work.
        """
        with engine_errors():
            found = self.searcher().aggregate(Query.all_query(), {"last": {"max": {"field": "change"}}})
        return int(found["last"]["value"] or 0)

    def paper_with(self, change: int) -> str | None:
        """The id of the paper that came with that change."""
        with engine_errors():
            searcher = self.searcher()
            query = Query.range_query(self._index.schema, "change", FieldType.Integer, change, change)
            hits = searcher.search(query, 1, count=False).hits
            return str(searcher.doc(hits[0][1])["id"][0]) if hits else None

    def _open(self) -> None:
        if not self._path.exists():
            self.opened = False
            return
        try:
            with engine_errors():
                self._index = _ready(Index.open(str(self._path)))
            self.opened = True
        except DamagedIndexError as error:
            self._close(error)

    def _close(self, reason: DamagedIndexError) -> None:
        """Notes that the files are of no use. What was read before can still be searched."""
        _log.info("index.unreadable", folder=str(self._path), reason=str(reason))
        self.opened = False

    def _remove_other_formats(self) -> None:
        for other in self._folder.glob(f"{_FOLDER}*"):
            if other != self._path:
                _log.info("index.outdated", folder=str(other))
                shutil.rmtree(other, ignore_errors=True)


class IndexWriting:
    """Writes into an index, as the only one who does, until it is closed."""

    def __init__(self, files: IndexFiles, lock: IO[bytes]) -> None:
        self._files = files
        self._lock = lock
        self._writer = files.writer()
        self._known = files.paper_count > 0
        self._added: set[str] = set()

    def put(self, papers: Iterable[tuple[int, Paper]]) -> None:
        """Adds or replaces papers, given with their change numbers. Nobody sees them before `commit`."""
        with engine_errors():
            for change, paper in papers:
                # What it was known as before may have been a paper of its own.
                for one in paper.ids:
                    if self._known or one in self._added:
                        self._writer.delete_documents_by_term("id", one)
                self._added.add(paper.id)
                self._writer.add_document(document(paper, change))

    def remove(self, paper_ids: Iterable[str]) -> None:
        """Takes papers out; those that are not there are no matter."""
        with engine_errors():
            for paper_id in paper_ids:
                self._writer.delete_documents_by_term("id", paper_id)

    def commit(self) -> None:
        with engine_errors():
            self._writer.commit()
        self._files.look_again()

    def begin_anew(self) -> None:
        """Throws away what is there."""
        with engine_errors():
            self._writer.wait_merging_threads()
        self._files.begin_anew()
        self._writer = self._files.writer()
        self._known = False
        self._added.clear()

    def close(self) -> None:
        """Waits for segments that are being merged, and gives the right to write to whoever wants it."""
        with self._lock, engine_errors():
            self._writer.wait_merging_threads()
        self._files.look_again()


def _ready(index: Index) -> Index:
    index.config_reader("manual")
    return index


def _damage(path: Path) -> str:
    """What is wrong with the files of an index, empty if nothing is.

    Every file of a segment ends with its own checksum, four bytes that say how long the sentence with the checksum is,
    and four that only say that all this is there.
    """
    try:
        meta = json.loads((path / "meta.json").read_bytes())
        for segment in meta["segments"]:
            name = segment["segment_id"].replace("-", "")
            files = {path / f"{name}.{part}" for part in _SEGMENT_PARTS} | set(path.glob(f"{name}.*"))
            for file in sorted(files):
                if not _is_sound(file):
                    return f"{file.name} is not what was written"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return repr(error)
    return ""


def _is_sound(file: Path) -> bool:
    with file.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        stream.seek(max(size - 8, 0))
        length = int.from_bytes(stream.read(4), "little")
        start = size - 8 - length
        if start < 0:
            return False
        stream.seek(start)
        footer: dict[str, Any] = json.loads(stream.read(length))
        stream.seek(0)
        checksum = 0
        while start > 0 and (piece := stream.read(min(_PIECE, start))):
            checksum = zlib.crc32(piece, checksum)
            start -= len(piece)
        return start == 0 and checksum == footer["crc"]
