"""Files of topics that somebody changed: they are refused in words, and change nothing, or say what they say again."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.errors import UserError
from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.topic_files.document import Mistakes, models_written, query_place, read_document
from storage.store import SqlStore
from tests.core import Core
from tests.databases import sqlite_in
from tests.fuzz.log import Log, watched
from tests.fuzz.target import Running, RunningTarget, Target, encoded
from tests.sources import a_paper
from tests.topic_files.conftest import files_of

_FILES = encoded(
    """\
channels:
- channel: general  # by its name
  topics:
  - {query: agents -survey, instant: on}
  - query: '*'
""",
    "version: 1\nchannels:\n- {channel: web/new, schedule: 'mon,thu 17:30', timezone: UTC, topics: []}\n# the end",
    """\
channels:
- channel: slack/T1/C1
  name: papers
  settings: {quiet-days: [sat, sun], sources: hf, limit: 7}
  topics:
  - query: "\\"mixture of experts\\" OR llm"
    name: >-
      Many
      experts
    min-upvotes: 20
""",
)


@asynccontextmanager
async def _running() -> AsyncIterator[Running]:
    async with AsyncExitStack() as stack:
        log = stack.enter_context(watched())
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="paperround-")))
        async with _core(sqlite_in(folder / "full.db"), folder / "index") as core:
            await core.news(*(a_paper(number, title=f"Hares run {number}") for number in range(1, 4)))
            await core.say("subscribe title:hares --name Runners")
            await core.say("subscribe like:(2605.00001 2605.00002)~3/day")
            await core.say("subscribe agents", "other")
            exported = await files_of(core).export()
        shutil.copyfile(folder / "full.db", folder / "kept.db")
        kept = await stack.enter_async_context(_core(f"sqlite:///{folder / 'kept.db'}", folder / "kept-index"))
        yield Running(_Applied(log, folder, kept).read, [exported.encode(), *_FILES])


@asynccontextmanager
async def _core(url: str, index: Path) -> AsyncIterator[Core]:
    core = Core(SqlStore(url), index)
    try:
        yield core
    finally:
        await core.index.close()
        await core.store.close()


class _Applied:
    def __init__(self, log: Log, folder: Path, kept: Core) -> None:
        self._log = log
        self._folder = folder
        self._planned = files_of(kept)

    async def read(self, data: bytes) -> None:
        """Applies a file, brings it up to date, and expects that nothing is left to change after either."""
        text = data.decode("utf-8", "surrogateescape")
        try:
            await self._planned.plan([("f", text)])
        except UserError as error:  # as most are: nothing has to be set up for that
            assert str(error).strip(), "an error without words"
        else:
            await self._apply(text)
        self._log.check()

    async def _apply(self, text: str) -> None:
        tried = self._folder / "tried.db"
        for left in self._folder.glob("tried.db*"):
            left.unlink()
        shutil.copyfile(self._folder / "full.db", tried)
        async with _core(f"sqlite:///{tried}", self._folder / "index") as core:
            files = files_of(core)
            try:
                await files.apply(await files.plan([("f", text)]))
            except UserError as error:
                assert str(error).strip(), "an error without words"
            else:
                assert not (await files.plan([("f", text)])).changes
                assert not (await files.plan([("f", await files.update("f", text))])).changes


def read_topics(data: bytes) -> None:
    """What a file says by itself: whatever is wrong has a place in it."""
    text = data.decode("utf-8", "surrogateescape")
    mistakes = Mistakes()
    document = read_document("f", text, mistakes)
    for _, mistake in mistakes.found:
        assert str(mistake).strip(), "an error without words"
        assert 1 <= mistake.place.line <= len(text.splitlines()) + 1, mistake.place
    for channel in document.channels:
        for topic in channel.topics or ():
            try:
                parse(topic.query.text)
            except QueryError as error:
                assert query_place(topic.query, error, topic.node).line >= 1
            models_written(topic)


TARGETS = (RunningTarget("topic-files", _running), Target("topic-document", read_topics, lambda: _FILES))
