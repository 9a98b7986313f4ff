"""What a person sends in one step happens whole or not at all, and the answer says which, whatever fails in between."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from bot.channels.channel import Channel, Style
from bot.commands.channels.settings import configure_line
from bot.errors import SearchIndexError, StorageError
from bot.messages.plain import plain_text
from bot.people.audit import Outcome
from storage.store import SqlStore
from tests.core import MANAGER, Core
from tests.sources import a_paper
from tests.trouble import Trouble

NOTHING = "nothing was changed"


async def broken_index(*_: object, **__: object) -> None:
    raise SearchIndexError("the index cannot be made: No space left on device")


@pytest.fixture
def index_gone(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when its folder stands on a disk that is full, with nothing in it."""
    monkeypatch.setattr(core.index, "_catch_up", broken_index)


async def state_of(store: SqlStore, core: Core) -> tuple[object, ...]:
    """Everything that a command may change, in the channel and in the person's own."""
    channels = [await store.channels.find(core.address(name)) for name in ("general", f"to {MANAGER.id}")]
    return tuple([await state_in(store, channel) for channel in channels if channel is not None])


async def state_in(store: SqlStore, channel: Channel) -> tuple[object, ...]:
    topics = await store.subscriptions.of_channel(channel.id)
    return (
        channel.schedule,
        channel.time_zone,
        channel.settings,
        channel.state,
        [(topic.number, topic.query, topic.name, topic.min_upvotes, topic.instant) for topic in topics],
        sorted(queued.paper.id for queued in await store.digests.waiting(channel.id)),
        await store.posts.open_in(channel.id),
    )


# --- The search index


async def test_a_topic_is_added_though_its_examples_cannot_be_found(core: Core, index_gone: None) -> None:
    words = await core.say("subscribe delta")
    assert "Topic 1 added" in words
    assert "search index" in words
    assert NOTHING not in words
    assert "delta" in await core.say("topics")
    edited = await core.say("edit 1 delta rays")
    assert "is now" in edited
    assert NOTHING not in edited


async def test_older_papers_that_cannot_be_found_leave_no_topic(core: Core, index_gone: None) -> None:
    words = await core.refused("subscribe delta --backfill 3")
    assert "search index" in words
    assert NOTHING in words
    assert "no topics yet" in await core.say("topics")


async def test_a_search_without_an_index_names_the_index(core: Core, index_gone: None) -> None:
    assert "search index" in await core.refused("search diffusion")


# --- The database


LINES = (
    "subscribe gamma --min-upvotes 3",
    "subscribe study --backfill 2",
    "edit 1 diffusion -survey",
    "merge 1 2",
    "unsubscribe 1",
    "schedule mon,thu 17:30",
    "timezone Europe/Berlin",
    "settings limit 7",
    "settings quiet-days sat,sun",
    configure_line({"limit": "7", "style": "compact", "schedule": "mon,thu 17:30", "timezone": "Europe/Berlin"}),
    "pause",
    "now",
    "save 2605.00001",
    "mute 2605.00001 author:lovelace",  # of two topics
    "taste reset",
    "channel archive",
    "channel delete general",
    "subscribe gamma --for me",
    "interests edit 1 rays",
    "interests off",
)


@pytest.mark.parametrize("line", LINES)
async def test_words_are_true_whichever_statement_fails(core: Core, tmp_path: Path, line: str) -> None:
    """Tried with the database failing at the first statement, the second, and so on, until all goes well."""
    await core.news(a_paper(1, upvotes=5), a_paper(2))
    await core.say("subscribe diffusion")
    await core.say("subscribe agents")
    await core.say("subscribe works")
    await core.say("subscribe delta --for me")
    await core.news(a_paper(3))
    await core.index.refresh()
    for at in range(200):
        before = await state_of(core.store, core)
        trouble = Trouble(core.store.database, at)
        reply = await core.ask(line)
        trouble.end()
        words = plain_text(reply.message)
        after = await state_of(core.store, core)
        if NOTHING in words:
            assert after == before, f"{line} at statement {at}: {words}"
        elif after != before and trouble.struck:
            assert not reply.failed, f"{line} at statement {at}: {words}"
        if not trouble.struck:
            assert not reply.failed, words
            return
        if after != before:
            return  # done, and said so
    pytest.fail("the command never ends")


async def test_a_commit_that_nobody_confirmed_is_said_to_be_in_doubt(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the server commits, and its connection breaks before it can say so."""
    await core.say("subscribe diffusion")
    database = core.store.database

    written_down = iter([True])  # the line of the audit comes first

    def lose(connection: Connection) -> None:
        if not connection.get_execution_options().get("read_only") and not next(written_down, False):
            raise OSError("connection lost")

    monkeypatch.setattr(database, "is_sqlite", False)
    event.listen(database.engine.sync_engine, "commit", lose)
    try:
        reply = await core.ask("settings limit 7")
    finally:
        event.remove(database.engine.sync_engine, "commit", lose)
    words = plain_text(reply.message)
    assert "cannot tell whether it was saved" in words
    assert NOTHING not in words
    (line, *_) = await core.store.audit.lines(limit=1)
    assert line.outcome is Outcome.BEGUN, "nor could anybody write down what came of it"


async def test_what_others_write_at_the_same_time_is_not_taken_for_ones_own(core: Core) -> None:
    """Digests of many channels share one transaction; whoever finds nothing changed must not read the opposite."""
    for channel in ("one", "two"):
        await core.say("subscribe diffusion", channel)
    await core.news(a_paper(1))
    real = core.store.subscriptions.add

    async def late(*given: Any, **named: Any) -> Any:
        await asyncio.sleep(0.05)
        raise StorageError("the database did not answer")

    core.store.subscriptions.add = late  # type: ignore[method-assign]
    sent, refused = await asyncio.gather(core.ask("now", "one"), core.ask("subscribe gamma", "two"))
    core.store.subscriptions.add = real  # type: ignore[method-assign]
    assert not sent.failed
    assert NOTHING in plain_text(refused.message)


# --- Forms


async def test_a_form_with_one_mistake_changes_nothing_and_names_its_field(core: Core) -> None:
    await core.say("subscribe diffusion")
    before = await state_of(core.store, core)
    reply = await core.ask(configure_line({"schedule": "mon,thu 17:30", "limit": "500"}))
    assert reply.failed
    assert dict(reply.mistakes).keys() == {"limit"}
    assert await state_of(core.store, core) == before


async def test_all_mistakes_of_a_form_are_said_at_once(core: Core) -> None:
    values = {
        "schedule": "every blue moon",
        "timezone": "Atlantis",
        "limit": "500",
        "style": "baroque",
        "abstracts": "maybe",
        "mention": "nobody",
        "sources": "usenet",
        "quiet-days": "someday",
    }
    reply = await core.ask(configure_line(values))
    assert dict(reply.mistakes).keys() == values.keys()
    for sentence in reply.mistakes.values():
        assert sentence.replace("`", "") in plain_text(reply.message).replace("`", "")


async def test_a_form_applies_all_that_it_says(core: Core) -> None:
    values = {"schedule": "mon,thu 17:30", "timezone": "Europe/Berlin", "limit": "7", "style": "compact"}
    words = await core.say(configure_line(values | {"mention": '@the "team"', "quiet-days": "none"}))
    channel = await core.channel()
    assert (channel.schedule, channel.time_zone) == ("mon,thu 17:30", "Europe/Berlin")
    assert (channel.settings.limit, channel.settings.style) == (7, Style.COMPACT)
    assert channel.settings.mention == "@the 'team'"
    assert "17:30" in words
    assert "The next digest is" in words


async def test_a_form_can_be_checked_without_being_applied(core: Core) -> None:
    await core.say("subscribe diffusion")
    before = await state_of(core.store, core)
    assert "Nothing was changed yet" in await core.say(configure_line({"limit": "7"}, check=True))
    assert (await core.ask(configure_line({"limit": "700"}, check=True))).mistakes.keys() == {"limit"}
    assert await state_of(core.store, core) == before


async def test_a_form_is_for_those_who_may_manage_the_channel(core: Core) -> None:
    visitor = MANAGER.__class__(id="u9", name="Eve")
    assert "Only people who may manage" in await core.refused(configure_line({"limit": "7"}), person=visitor)
