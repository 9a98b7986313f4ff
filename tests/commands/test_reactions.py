"""Reactions count like the buttons below a message that shows one paper, and are taken back with what they did."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.channel import PlatformName
from bot.commands.papers.reactions import meaning_of
from bot.platforms.outcomes import Outgoing
from bot.platforms.reactions import Reaction
from bot.reading.lists import Reader
from bot.reading.votes import Tally, Vote
from storage.store import SqlStore
from tests.core import Core
from tests.sources import a_paper

ADA = Reader(PlatformName.WEB, "local", "u1")
PAPER = a_paper(1)


@pytest.fixture
async def core(store: SqlStore, tmp_path: Path) -> AsyncIterator[Core]:
    made = Core(store, tmp_path)
    await made.say("subscribe *")
    await made.say("settings style threads")
    await made.news(PAPER, a_paper(2))
    await made.next_digest()
    yield made
    await made.index.close()


class Post:
    """A message of the bot that people react to."""

    def __init__(self, core: Core, remote_id: str) -> None:
        self._core = core
        self._remote_id = remote_id

    async def add(self, emoji: str, person: str = "u1") -> Outgoing | None:
        return await self._core.reactions.added(self._reaction(emoji, person))

    async def remove(self, emoji: str, person: str = "u1") -> Outgoing | None:
        return await self._core.reactions.taken_back(self._reaction(emoji, person))

    async def tally(self, paper_id: str = PAPER.id) -> Tally:
        channel = await self._core.channel()
        found = await self._core.store.reading.tallies([channel.id], [paper_id])
        return found.get((channel.id, paper_id), Tally())

    def _reaction(self, emoji: str, person: str) -> Reaction:
        return Reaction(address=self._core.address(), message_id=self._remote_id, person=person, emoji=emoji)


def post_of(core: Core, *paper_ids: str) -> Post:
    """The message that shows these papers and no other."""
    return Post(
        core, next(one.remote_id for one in core.platform.posts if sorted(one.message.paper_ids) == sorted(paper_ids))
    )


@pytest.mark.parametrize(
    ("emoji", "meaning"),
    [
        *((one, Vote.UP) for one in ("👍", "👍🏽", "👍\ufe0f", "+1", ":+1:", "thumbsup", "+1::skin-tone-6")),
        *((one, Vote.DOWN) for one in ("👎", "👎🏿", "-1", "thumbsdown", "-1::skin-tone-2")),
        *((one, "save") for one in ("🔖", "🔖\ufe0f", "bookmark", ":bookmark:")),
        *(
            (one, None)
            for one in ("", "🎉", "+2", "bookmarks", "bookmark_tabs", "📑", "👍👍", "thumbsup_all", "\U0001f3fd")
        ),
    ],
)
def test_an_emoji_has_one_meaning_in_each_of_its_spellings(emoji: str, meaning: object) -> None:
    assert meaning_of(emoji) == meaning


async def test_a_reaction_is_one_vote_with_the_buttons(core: Core) -> None:
    post = post_of(core, PAPER.id)
    update = await post.add("+1::skin-tone-3")
    assert update is not None
    assert "up=1" in str(update.message)
    assert await post.add("👍") is None
    assert await post.tally() == Tally(1, 0)
    # The button says the same once more: it is still one vote, which is the button's from now on.
    assert "👍 1 · 👎 0" in await core.say(f"vote {PAPER.id} up")
    assert await post.remove("👍") is None
    assert await post.tally() == Tally(1, 0)
    assert "👍 0 · 👎 0" in await core.say(f"vote {PAPER.id} up")


async def test_what_is_taken_back_is_only_that_vote(core: Core) -> None:
    post = post_of(core, PAPER.id)
    await post.add("👍")
    await post.add("👍", "u2")
    await post.add("👎")
    assert await post.tally() == Tally(1, 1)
    assert await post.remove("👍") is None  # it stands no more
    assert await post.tally() == Tally(1, 1)
    assert await post.remove("👎") is not None
    assert await post.tally() == Tally(1, 0)
    assert await post.remove("👎", "u2") is None
    assert await post.remove("👍", "u2") is not None
    assert await post.tally() == Tally()


async def test_a_bookmark_is_a_saved_paper_as_long_as_it_is_there(core: Core) -> None:
    post, reading = post_of(core, PAPER.id), core.store.reading
    await post.add("🔖")
    assert [one.paper.id for one in await reading.saved(ADA, limit=5)] == [PAPER.id]
    channel = await core.channel()
    assert [vote.up for vote in (await reading.cast_votes([channel.id]))[channel.id]] == [True]
    await post.remove("bookmark")
    assert await reading.saved_count(ADA) == 0
    await post.add("bookmark")
    assert "already" in await core.say(f"save {PAPER.id}")
    await post.remove("🔖")
    assert await reading.saved_count(ADA) == 1


async def test_a_message_with_several_papers_or_none_of_ours_takes_no_votes(core: Core) -> None:
    for post in (post_of(core, PAPER.id, a_paper(2).id), Post(core, "never sent"), Post(core, "")):
        for emoji in ("👍", "👎", "🔖", "🎉"):
            assert await post.add(emoji) is None
    assert await post_of(core, PAPER.id).tally() == Tally()
    assert await core.store.reading.saved_count(ADA) == 0


async def test_a_shared_paper_and_a_card_that_the_platform_knows_take_votes(core: Core) -> None:
    await core.news(a_paper(3))
    await core.say(f"share {a_paper(3).id}")
    await core.engine.deliver()
    shared = post_of(core, a_paper(3).id)
    assert await shared.add("👎") is not None
    assert await shared.tally(a_paper(3).id) == Tally(0, 1)
    known = Reaction(address=core.address(), message_id="a card", person="u1", emoji="👍", paper_id=a_paper(2).id)
    assert await core.reactions.added(known) is None  # nothing of ours to draw anew
    assert await shared.tally(a_paper(2).id) == Tally(1, 0)


async def test_a_reaction_in_a_channel_that_nobody_set_up_changes_nothing(core: Core) -> None:
    elsewhere = Reaction(address=core.address("elsewhere"), message_id="1", person="u1", emoji="👍", paper_id=PAPER.id)
    assert await core.reactions.added(elsewhere) is None
    assert await core.store.channels.find(core.address("elsewhere")) is None
