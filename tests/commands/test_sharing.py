"""Sharing: a paper is shown to a channel by who may write there, and not again within the hour."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.messages.plain import plain_text
from storage.store import SqlStore
from tests.core import VISITOR, Core
from tests.sources import a_paper


async def test_a_paper_is_shared_once_an_hour_by_whoever_presses(store: SqlStore, tmp_path: Path) -> None:
    core = Core(store, tmp_path)
    await core.news(a_paper(1), a_paper(2))
    shares = [core.ask(f"share {a_paper(1).id}", person=replace(VISITOR, id=f"u{number}")) for number in range(5)]
    replies = await asyncio.gather(*shares)
    assert sorted(reply.failed for reply in replies) == [False, True, True, True, True]
    assert "within the last hour" in plain_text(next(reply for reply in replies if reply.failed).message)
    assert not (await core.ask(f"share {a_paper(2).id}")).failed
    assert not (await core.ask(f"share {a_paper(1).id}", "random")).failed
    core.clock.advance(minutes=61)
    assert not (await core.ask(f"share {a_paper(1).id}")).failed
    await core.index.close()


async def test_who_may_not_write_in_a_channel_shares_nothing_with_it(store: SqlStore, tmp_path: Path) -> None:
    core = Core(store, tmp_path)
    await core.news(a_paper(1))
    reply = await core.ask(f"share {a_paper(1).id}", person=replace(VISITOR, may_post=False))
    assert reply.failed
    assert "may write" in plain_text(reply.message)
    assert not (await core.ask(f"share {a_paper(1).id}")).failed
    await core.index.close()
