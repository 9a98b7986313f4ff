"""Votes are shown by messages that were posted, wherever somebody voted: behind everything else, and not too often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app.assembly import composer_of
from bot.channels.channel import ChannelState, PlatformName
from bot.commands.papers.reactions import Reactions
from bot.commands.runner import Commands
from bot.messages.message import PaperBlock
from bot.platforms.command_calls import Person
from bot.platforms.outcomes import Gone, Outgoing, Rejected, Retry, SendResult
from bot.platforms.reactions import Reaction
from bot.posting.redraws import MOST_TRIES, Redraws
from bot.reading.news import VoteNews
from storage.store import SqlStore
from tests.core import MANAGER, NO_SPANS, Core
from tests.databases import SQLITE_IS_ENOUGH
from tests.patience import PATIENCE
from tests.platforms import SimulatedPlatform
from tests.sources import a_paper

PAPER = a_paper(1)
#: Somebody who looks after a channel of Slack from the pages of the workspace.
ON_PAGES = replace(MANAGER, home=PlatformName.WEB)

pytestmark = SQLITE_IS_ENOUGH


@pytest.fixture
async def core(store: SqlStore, tmp_path: Path) -> AsyncIterator[Core]:
    made = Core(store, tmp_path, platform=SimulatedPlatform(PlatformName.SLACK))
    redraws = Redraws(
        posts=store.posts, composer=composer_of(store), platforms=made.platforms, gather=0.02, every=0.02, wait=0.02
    )
    votes = VoteNews()
    votes.listen(redraws)
    services = replace(made.services, votes=votes)
    made.commands, made.reactions = Commands(services, made.metrics, NO_SPANS), Reactions(services)
    await made.say("subscribe *")
    await made.news(PAPER, a_paper(2))
    await made.next_digest()
    yield made
    await redraws.close()
    await made.index.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)


async def vote(
    core: Core, vote: str = "up", *, person: Person = ON_PAGES, more: str = "", pressed: bool = True
) -> None:
    pressed_message = {"from_message": core.platform.posts[0].remote_id} if pressed else {}
    reply = await core.ask(f"vote {PAPER.id} {vote}{more}", person=person, **pressed_message)
    assert not reply.failed


def counts(core: Core) -> list[tuple[int, int]]:
    thumbs = [block.thumbs for block in core.platform.posts[0].message.blocks if isinstance(block, PaperBlock)]
    return [(one.up, one.down) for one in thumbs if one is not None]


async def test_a_vote_on_a_page_is_shown_by_the_message_that_was_posted(core: Core) -> None:
    assert counts(core) == [(0, 0), (0, 0)]
    await vote(core)
    await until(lambda: (1, 0) in counts(core))
    await vote(core, "down")
    await until(lambda: (0, 1) in counts(core))


async def test_a_vote_on_a_card_for_one_person_is_shown_by_the_message(core: Core) -> None:
    await vote(core, person=MANAGER, more=" --card")
    await until(lambda: (1, 0) in counts(core))


async def test_a_message_whose_own_button_is_pressed_is_left_to_its_platform(core: Core) -> None:
    post = core.platform.posts[0].remote_id
    await vote(core, person=MANAGER)
    reaction = Reaction(address=core.address(), message_id=post, person="u3", emoji="👍", paper_id=PAPER.id)
    assert await core.reactions.added(reaction)
    await asyncio.sleep(0.2)
    assert core.platform.redrawn == []
    await vote(core, person=Person(id="u9", name="Cyd"), pressed=False)  # as somebody who writes the command
    await until(lambda: (3, 0) in counts(core))


async def test_many_votes_at_once_are_few_edits(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    redraw, all_have_voted = core.platform.redraw, asyncio.Event()

    async def late(outgoing: Outgoing, remote_id: str) -> SendResult:
        await all_have_voted.wait()
        return await redraw(outgoing, remote_id)

    monkeypatch.setattr(core.platform, "redraw", late)
    people = [replace(ON_PAGES, id=f"u{number}") for number in range(30)]
    await asyncio.gather(*(vote(core, person=person) for person in people))
    all_have_voted.set()
    await until(lambda: (30, 0) in counts(core))
    assert len(core.platform.redrawn) < 15


async def test_what_must_wait_is_tried_again_with_the_votes_of_then(core: Core) -> None:
    core.platform.refusals = [Retry("Messages that are to be posted go first.", 0.01)]
    await vote(core)
    await vote(core, person=replace(ON_PAGES, id="u3"))
    await until(lambda: (2, 0) in counts(core))


@pytest.mark.parametrize("refusal", [Rejected("It is too old."), Gone("The channel was archived.")])
async def test_what_is_refused_stops_nothing(core: Core, refusal: Rejected | Gone) -> None:
    core.platform.refusals = [refusal]
    await vote(core)
    await until(lambda: not core.platform.refusals)
    assert (await core.channel()).state is ChannelState.ACTIVE
    await vote(core, "down")
    await until(lambda: (0, 1) in counts(core))


async def test_what_never_gets_its_turn_is_given_up(core: Core) -> None:
    core.platform.refusals = [Retry("Later.", 0.0)] * (MOST_TRIES + 1)
    await vote(core)
    await until(lambda: len(core.platform.redrawn) == MOST_TRIES)
    await asyncio.sleep(0.2)
    assert len(core.platform.redrawn) == MOST_TRIES
