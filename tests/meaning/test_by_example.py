"""Making topics by example: from links, lists, bibliographies and votes, and from a paper's card."""

from __future__ import annotations

import pytest

from bot.messages.message import Buttons, PaperBlock
from bot.platforms.command_calls import CommandCall, Reply
from bot.query.parser import LONGEST_QUERY
from tests.core import MANAGER, VISITOR, Core
from tests.meaning.subjects import a_day, about


async def queries(core: Core, channel: str = "general") -> list[str]:
    return [topic.query for topic in await core.store.subscriptions.of_channel((await core.channel(channel)).id)]


def buttons(reply: Reply) -> list[str]:
    rows = [block.buttons for block in reply.message.blocks if isinstance(block, Buttons | PaperBlock)]
    return [button.line for row in rows for button in row if button.line]


@pytest.fixture(autouse=True)
async def papers(core: Core) -> None:
    await core.news(*a_day(1))


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("like 2605.00001", "like:2605.00001"),
        ("Like https://arxiv.org/abs/2605.00001 2605.00002 ~3/day", "like:(2605.00001 2605.00002)~3/day"),
        ("like 2605.00001, 2605.00002 -survey cat:cs.CL", "like:(2605.00001 2605.00002) -survey cat:cs.CL"),
        ("like @article{a, eprint = {2605.00003}, title = {No}}", "like:2605.00003"),
        ("like TY  - JOUR UR  - https://arxiv.org/abs/2605.00004 ER  - ", "like:2605.00004"),
        ("like humans do", "like humans do"),
    ],
)
async def test_what_is_written_becomes_a_query(core: Core, written: str, query: str) -> None:
    await core.say(f"subscribe {written}")
    assert await queries(core) == [query]


async def test_a_bibliography_names_papers_by_title_too_and_says_which_it_left_out(core: Core) -> None:
    known = about("speech", 2)
    bibtex = f"@a{{x, title = {{{known.title}}}}} @a{{y, title = {{Something Else Entirely}}}}"
    call = CommandCall(
        line="subscribe like ~1/day -survey",
        address=core.address(),
        channel_name="general",
        person=MANAGER,
        attachment=bibtex,
    )
    reply = await core.commands.run(call)
    assert not reply.failed
    assert "“Something Else Entirely”" in str(reply.message)
    assert await queries(core) == [f"like:{known.id}~1/day -survey"]


async def test_a_list_and_what_was_liked_here_are_examples(core: Core) -> None:
    assert "reading list is empty" in await core.refused("subscribe like saved")
    assert "Nothing has a 👍" in await core.refused("subscribe like 👍")
    for number in (1, 2, 6):
        await core.say(f"save 2605.0000{number}", channel="elsewhere")
        core.clock.advance(minutes=1)
    await core.say("subscribe like saved ~1/day")
    await core.say("vote 2605.00003 up")
    await core.ask("vote 2605.00006 up", person=VISITOR)
    await core.say("vote 2605.00006 down")
    await core.say("subscribe like liked")
    assert await queries(core) == ["like:(2605.00006 2605.00002 2605.00001)~1/day", "like:2605.00003"]


async def test_of_more_papers_than_fit_the_first_are_taken_and_it_says_so(core: Core) -> None:
    await core.news(*a_day(100, each=20))
    ids = [f"2605.{number:05}" for number in range(100, 170)]
    words = await core.say(f"subscribe like {' '.join(ids)} -survey")
    (query,) = await queries(core)
    assert len(query) <= LONGEST_QUERY
    taken = query.count("2605.")
    assert f"the first {taken} of 70" in words
    assert query.endswith("-survey")


@pytest.mark.parametrize("line", ["subscribe like", "subscribe like @article{a, title = {Nobody Knows This One}}"])
async def test_without_a_paper_it_says_what_to_write(core: Core, line: str) -> None:
    await core.refused(line)
    assert "no topics" in await core.say("topics")


async def test_more_like_this_shows_what_a_topic_would_bring_and_makes_or_extends_it(core: Core) -> None:
    shown = await core.ask("abstract 2605.00001")
    assert "more-like 2605.00001" in buttons(shown)
    offered = await core.ask("more-like 2605.00001")
    assert "would have posted" in str(offered.message)
    assert buttons(offered)[-1:] == ["subscribe like:2605.00001"]
    await core.say(buttons(offered)[-1])
    further = await core.ask("more-like 2605.00006")
    assert buttons(further)[-2:] == ["subscribe like:2605.00006", "more-like 2605.00006 --topic 1"]
    changed = await core.ask(buttons(further)[-1])
    assert "it gains" in str(changed.message) and "Robots" in str(changed.message)
    assert await queries(core) == ["like:2605.00001"]
    await core.say(buttons(changed)[-1])
    assert await queries(core) == ["like:(2605.00001 2605.00006)"]
    assert "has it" in await core.refused("more-like 2605.00006 --topic 1")


async def test_who_may_not_manage_is_told_who_may(core: Core) -> None:
    await core.say("subscribe like:2605.00001")
    reply = await core.ask("more-like 2605.00006", person=VISITOR)
    assert "Who manages this channel" in str(reply.message)
    assert not [line for line in buttons(reply) if line.startswith("subscribe")]
