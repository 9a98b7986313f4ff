"""Kill the process at any line: whatever is lost in memory, everything that matched is posted, once.

The store is where the process meets what stays. A crash before or after each of its calls is a crash at any line.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.core import Core
from tests.platforms import SimulatedPlatform, keys_of
from tests.sources import ScriptedSource, a_paper
from tests.thorough import THOROUGH


class Crash(BaseException):
    """The end of the process."""


class Doom:
    """Ends everything at the nth call of the store: before it has happened, or after."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.at = at
        self.after = after
        self.calls = 0

    def count(self) -> bool:
        self.calls += 1
        return self.calls >= self.at


class Doomed:
    """A part of the store whose calls count down to the crash. A dead process makes no further calls."""

    def __init__(self, part: Any, doom: Doom) -> None:
        self._part = part
        self._doom = doom

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._part, name)
        if not callable(attribute):
            return Doomed(attribute, self._doom)
        return self._call(attribute)

    def _call(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*arguments: Any, **options: Any) -> Any:
            dies = self._doom.count()
            if dies and (not self._doom.after or self._doom.calls > self._doom.at):
                raise Crash
            result = await method(*arguments, **options)
            if dies:
                raise Crash
            return result

        return call


async def _live(core: Core) -> None:
    """An ordinary day: papers come, one after another, and a digest with replies goes out."""
    await core.news(a_paper(1, upvotes=9), a_paper(2))
    await core.next_digest("one")
    await core.news(a_paper(3))
    await core.engine.reconcile()
    await core.engine.deliver()


@pytest.fixture
async def prepared(migrated_sqlite: Path, tmp_path: Path) -> Path:
    """A folder with a database and an index in which two channels have topics, and nothing was posted yet."""
    folder = tmp_path / "prepared"
    folder.mkdir()
    store = SqlStore(f"sqlite:///{shutil.copy(migrated_sqlite, folder / 'paperround.db')}")
    first = Core(store, folder / "index")
    for channel in ("one", "two"):
        await first.say("subscribe diffusion", channel)
        await first.say("settings style threads", channel)
    await first.say("schedule instant", "two")
    await first.index.close()
    await store.close()
    return folder


async def _lifecycle(prepared: Path, folder: Path, doom: Doom) -> SimulatedPlatform:
    """Lives until the crash, then in a second process to the end."""
    shutil.copytree(prepared, folder)
    store = SqlStore(f"sqlite:///{folder / 'paperround.db'}")
    clock, source, platform = SettableClock(), ScriptedSource(), SimulatedPlatform()
    dying = Core(
        cast("SqlStore", Doomed(store, doom)),
        folder / "index",
        clock=clock,
        source=source,
        platform=platform,
    )
    try:
        await _live(dying)
    except Crash:
        pass
    await dying.index.close()
    survivor = Core(store, folder / "index", clock=clock, source=source, platform=platform)
    source.list(a_paper(1, upvotes=9), a_paper(2), a_paper(3))
    await survivor.engine.poll()
    await survivor.settle(hours=26, step=7200)
    await survivor.index.close()
    await store.close()
    return platform


def _check(platform: SimulatedPlatform) -> None:
    for channel in ("one", "two"):
        heads = platform.papers_in(channel)
        replies = [post.message.paper_ids[0] for post in platform.posts if post.channel == channel and post.reply_to]
        assert sorted(heads) == sorted(replies) == ["2605.00001", "2605.00002", "2605.00003"], channel
    assert len(set(keys_of(platform.posts))) == len(platform.posts)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_call_of_the_store_loses_and_repeats_nothing(
    prepared: Path, tmp_path: Path, after: bool
) -> None:
    calls = await _count_calls(prepared, tmp_path / "counting")
    assert calls > 40
    for at in range(1 + after, calls + 1, 4 if THOROUGH else 16):
        _check(await _lifecycle(prepared, tmp_path / str(at), Doom(at, after=after)))


async def _count_calls(prepared: Path, folder: Path) -> int:
    doom = Doom(10**9, after=False)
    _check(await _lifecycle(prepared, folder, doom))
    return doom.calls
