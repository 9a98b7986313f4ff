"""The search index of papers: follows the database, and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import structlog

from bot.errors import SearchIndexError, StorageError
from bot.meaning.collection import VectorView
from bot.papers.paper import Paper
from bot.query.models import WordModel
from bot.query.queries import Query
from bot.query.syntax import Node
from bot.search.index import PaperFeed
from bot.search.results import Hit, SearchPage
from storage.search.files import DamagedIndexError, IndexFiles, IndexWriting
from storage.search.finding import Search

#: How long a search waits for the index to catch up before it makes do with what is there, in seconds. A handful of
#: papers takes hundredths.
FOLLOW_TIMEOUT: Final = 1.5
MOST_BEHIND: Final = 1_000  # papers that are counted as missing
_BUSY: Final = 0.1  # seconds before asking again whether another process has finished
PAPERS_AT_ONCE: Final = 500
#: So many make files that the engine does not merge with those of a few papers each, which come later.
PAPERS_PER_COMMIT: Final = 20_000
#: How long the right to write is kept after the last change, in seconds. Meanwhile the engine merges its files, which
#: would have to be waited for, and what changes in the database is taken over for everybody.
LINGER: Final = 2.0

#: The vectors of papers by a version of a model, as they are now. Raises `StorageError`.
FindVectors = Callable[[str], Awaitable[VectorView]]

_log = structlog.get_logger()

T = TypeVar("T")


class TantivyIndex:
    """Implements `bot.search.index.SearchIndex` in a folder that any number of processes may share.

    Every search first asks the database for the number of its last change, and if that is not the one it knows, waits
    up to `FOLLOW_TIMEOUT` for the index to take over what is new, in this process or another. While much is taken over,
    it searches what is there so far. Errors of the files are repaired by building them anew.
    """

    def __init__(self, folder: Path, feed: PaperFeed, views: FindVectors | None = None) -> None:
        self._feed = feed
        self._views = views
        self._files = IndexFiles(folder)
        self._one_writer = asyncio.Lock()
        self._seen: int | None = None  # up to which change of the database the index is known to have everything
        self._trusted = False  # whether the files were checked, and found to be of this database
        self._following: asyncio.Task[None] | None = None
        self._following_since = 0.0
        self._writing: IndexWriting | None = None  # the right to write, while this process has it
        self._lingering: asyncio.Task[None] | None = None  # kept, for nobody else keeps a task
        self._failure: StorageError | None = None  # why the last attempt to follow came to nothing
        self._closing = asyncio.Event()

    async def search(self, query: Query, *, limit: int, offset: int = 0) -> SearchPage:
        """The papers that match; raises `SearchIndexError` if neither the index nor a new one can be read."""
        return await self._ask(lambda search: search.page(query, limit, offset), query)

    async def counts(self, query: Query, conditions: Sequence[Node]) -> list[int]:
        return await self._ask(lambda search: search.counts(query, conditions), query)

    async def similar(self, paper: Paper, *, limit: int) -> tuple[Hit, ...]:
        return await self._ask(lambda search: search.similar(paper, limit))

    async def loosely(self, query: Query, *, limit: int) -> tuple[Hit, ...]:
        return await self._ask(lambda search: search.loosely(query, limit), query)

    async def beside(self, query: Query, paper_ids: Collection[str]) -> frozenset[str]:
        return await self._ask(lambda search: search.beside(query, paper_ids), query)

    async def eligible(self, query: Query, most: int) -> frozenset[str] | None:
        return await self._ask(lambda search: search.eligible(query, most), query)

    async def with_snippets(self, query: Query, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        return await self._ask(lambda search: search.with_snippets(query, hits))

    async def best_scores(self, model: WordModel, among: Query, *, limit: int) -> list[int]:
        return await self._ask(lambda search: search.best_scores(model, among, limit), among)

    async def nearest_words(self, query: Query) -> dict[str, tuple[str, ...]]:
        return await self._ask(lambda search: search.nearest(query))

    async def forms(self, query: Query) -> dict[str, tuple[str, ...]]:
        return await self._ask(lambda search: search.forms(query))

    async def _ask(self, question: Callable[[Search], T], query: Query | None = None) -> T:
        """Asks the index, as it is after it caught up; raises `SearchIndexError`.

        `query` is what is looked for, if anything: the vectors that it is decided by are there for the question.
        """
        with _index_errors():
            await self._catch_up()
            models = query.embedding_models if query else ()
            views = {model: await self._views(model) for model in models} if self._views else {}
            try:
                return await asyncio.to_thread(lambda: question(self._look(views)))
            except DamagedIndexError as error:
                await self._repair(error)
                return await asyncio.to_thread(lambda: question(self._look(views)))

    async def refresh(self) -> int:
        """Takes over what changed; 0 if another process is about it. Raises `StorageError`."""
        return await self._refresh() or 0

    async def behind(self) -> int:
        """How many papers have changed that it does not have yet, as far as one look shows."""
        await asyncio.to_thread(self._files.look_again)
        change = await asyncio.to_thread(lambda: self._files.last_change) if self._files.opened else 0
        return len(await self._feed.changed_papers(change, MOST_BEHIND))

    async def close(self) -> None:
        """Stops where what is under way can be continued later."""
        self._closing.set()
        if self._following is not None:
            await asyncio.wait([self._following])
        if self._lingering is not None:
            await asyncio.wait([self._lingering])
        async with self._one_writer:
            await self._settle()

    async def _refresh(self) -> int | None:
        """Takes over what changed; None if another process is about it and has not finished."""
        async with self._one_writer:
            last = await self._feed.last_change()
            if self._trusted and last == self._seen:
                return 0
            if not self._trusted:
                await self._settle()  # what it writes into may be damaged, or of another database
            if self._writing is None:
                await self._begin_to_write()
            if self._writing is None:
                return await self._taken_by_another(last)
            try:
                taken = await self._take_over(self._writing, last)
            except BaseException:
                await self._settle()
                raise
            if self._lingering is None or self._lingering.done():
                self._lingering = asyncio.create_task(self._linger())
            return taken

    async def _begin_to_write(self) -> None:
        """Gets the right to write, if no other process has it. Whoever is told to stop meanwhile gives it back."""
        beginning = asyncio.create_task(asyncio.to_thread(self._files.write, check=not self._trusted))
        try:
            self._writing = await asyncio.shield(beginning)
        except asyncio.CancelledError:
            # The thread goes on, and what it brings nobody else would ever close.
            with suppress(StorageError):
                self._writing = await beginning
            await self._settle()
            raise

    async def _taken_by_another(self, last: int) -> int | None:
        if not self._trusted or await asyncio.to_thread(lambda: self._files.last_change) < last:
            return None
        self._seen = last
        return 0

    async def _linger(self) -> None:
        """Follows the database a little longer, then gives up the right to write."""
        left = LINGER
        while left > 0 and self._writing is not None and not self._closing.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_BUSY):
                    await self._closing.wait()
            left -= _BUSY
            try:
                if await self._refresh():
                    left = LINGER
            except StorageError as error:
                _log.error("index.behind", reason=str(error))
        async with self._one_writer:
            await self._settle()

    async def _settle(self) -> None:
        """Lets the engine merge its files, if it still does, and gives the right to write to whoever wants it."""
        writing, self._writing = self._writing, None
        if writing is None:
            return
        try:
            await asyncio.to_thread(writing.close)
        except StorageError as error:
            _log.error("index.unsettled", reason=str(error))

    def _look(self, views: Mapping[str, VectorView]) -> Search:
        return Search(self._files.searcher(), self._files.schema, views)

    async def _catch_up(self) -> None:
        if self._trusted and self._seen == await self._feed.last_change():
            return
        loop = asyncio.get_running_loop()
        if self._following is None or self._following.done():
            self._following = loop.create_task(self._follow())
            self._following_since = loop.time()
        left = self._following_since + FOLLOW_TIMEOUT - loop.time()
        if left > 0:
            await asyncio.wait([self._following], timeout=left)
        if self._failure is not None and not self._files.opened:
            raise self._failure.with_traceback(None)  # which else grows with each time

    async def _follow(self) -> None:
        try:
            while await self._refresh() is None and not self._closing.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_BUSY):
                        await self._closing.wait()
            self._failure = None
        except StorageError as error:
            _log.error("index.behind", reason=str(error))
            self._failure = error

    async def _repair(self, error: DamagedIndexError) -> None:
        _log.warning("index.failed", reason=str(error))
        self._trusted = False
        await self._catch_up()

    async def _take_over(self, writing: IndexWriting, last: int) -> int:
        """Brings the index up to at least the change `last`, from where it is or from nothing."""
        if not await self._is_of_this_database(last):
            _log.warning("index.foreign", last_change=last)
            await asyncio.to_thread(writing.begin_anew)
        taken = await self._take_changes(writing)
        if not self._trusted and await self._differs_from(last):
            _log.warning("index.incomplete", papers=self._files.paper_count)
            await asyncio.to_thread(writing.begin_anew)
            taken = await self._take_changes(writing)
        if not self._closing.is_set():
            self._trusted = True
            self._seen = last
        return taken

    async def _take_changes(self, writing: IndexWriting) -> int:
        taken = uncommitted = 0
        change = await asyncio.to_thread(lambda: self._files.last_change)
        # Before what is new, for one that was deleted may have come back.
        if gone := await self._feed.gone_papers(change):
            await asyncio.to_thread(writing.remove, gone)
            taken = uncommitted = len(gone)
        while not self._closing.is_set() and (papers := await self._feed.changed_papers(change, PAPERS_AT_ONCE)):
            await asyncio.to_thread(writing.put, papers)
            change = papers[-1][0]
            taken += len(papers)
            uncommitted += len(papers)
            if uncommitted >= PAPERS_PER_COMMIT:
                await asyncio.to_thread(writing.commit)
                uncommitted = 0
        if uncommitted:
            await asyncio.to_thread(writing.commit)
        return taken

    async def _is_of_this_database(self, last: int) -> bool:
        """Whether the latest change in the index is one that the database knows, as far as it can still be told.

        The paper may have changed again since, then the number is gone and tells nothing.
        """
        change = await asyncio.to_thread(lambda: self._files.last_change)
        if change > last:
            return False
        if not change or self._trusted:
            return True
        newest = await self._feed.changed_papers(change - 1, 1)
        if not newest or newest[0][0] != change:
            return True
        return newest[0][1].id == await asyncio.to_thread(self._files.paper_with, change)

    async def _differs_from(self, last: int) -> bool:
        """Whether it has not as many papers as the database, when that did not change since `last`."""
        count = await self._feed.count()
        unchanged = await self._feed.last_change() == last and not self._closing.is_set()
        return unchanged and count != self._files.paper_count


@contextmanager
def _index_errors() -> Iterator[None]:
    """Says of whatever keeps a search from its end that it is the index that cannot be read."""
    try:
        yield
    except StorageError as error:
        raise SearchIndexError(str(error)) from error
