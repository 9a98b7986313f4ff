"""The suite for platform adapters: sent once, found again, refused in scope, within the limits, harmless."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import date

import pytest

from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName, Style
from bot.digests.cards import paper_card, paper_line
from bot.digests.content import DigestPart
from bot.digests.digest import DigestKind, QueuedPaper
from bot.digests.messages import CARDS_IN_BRIEF, digest_message
from bot.digests.selection import plan_digest
from bot.errors import UserError
from bot.messages.message import Button, Buttons, Heading, Message, PaperBlock, PersonMention
from bot.papers.paper import Paper
from bot.platforms.outcomes import Gone, GoneScope, LookUp, Outgoing, Partly, Rejected, Retry, SendResult, Sent, Unknown
from bot.reading.votes import Tally
from tests.contracts.platforms import PlatformUnderTest, Trouble
from tests.papers.names import names
from tests.platforms import around
from tests.sources import a_paper

KEY = "0123456789abcdef01234567"
PASSING = (Trouble.WAIT, Trouble.PAGE, Trouble.UNKNOWN_CODE)
#: Titles, names and sentences that feeds might send us one day.
HOSTILE = (
    "<!channel> <!here> <!everyone> wake up",
    "<@U0ADA> and <@4242> and <@&77> and @everyone @here",
    "<https://evil.example|Slack> [click](https://evil.example) https://evil.example",
    "*bold* _italic_ ~struck~ `code` ```fence``` > quote # heading ||spoiler||",
    "\\*escaped\\* \\_twice\\_ \\\\",
    "&lt;script&gt;alert(1)&lt;/script&gt; <script>alert(1)</script>",
    "javascript:alert(1) data:text/html,hi",
    "line\nbreaks\r\nand\ttabs",
    "right \u202eto left\u202c and zero\u200bwidth",
    "e\u0301" * 40,
    "𝔐𝔞𝔱𝔥 and 🤖👩‍👩‍👧 and ﬁne",
    "w" * 290,
    "/papers unsubscribe 1",
    "  \u00a0 spaces \u2003 ",
    "::: :smile: :+1: <:name:123> <a:b:1> <t:0:R> </papers:1>",
)


def _cards(style: Style) -> int:
    return {Style.BRIEF: CARDS_IN_BRIEF, Style.CARDS: 1000}.get(style, 0)


def news(*papers: Paper, style: Style = Style.CARDS, abstracts: bool = False) -> Message:
    cards = [
        paper_card(paper, abstract=abstracts) if number < _cards(style) else paper_line(paper)
        for number, paper in enumerate(papers)
    ]
    return Message(summary=cards[0].title, blocks=(Heading(f"{len(papers)} new papers"), *cards), topics=("diffusion",))


def outgoing(address: Address, message: Message | None = None, *, key: str = KEY, reply_to: str = "") -> Outgoing:
    return Outgoing(address=address, message=message or news(a_paper()), key=key, reply_to=reply_to or None)


async def sent(under_test: PlatformUnderTest, post: Outgoing) -> Sent:
    result = await under_test.platform.send(post)
    assert isinstance(result, Sent), result
    return result


async def redrawn(under_test: PlatformUnderTest, post: Outgoing, remote_id: str) -> SendResult:
    """What comes of drawing a message again, once that is its turn."""
    result = await under_test.platform.redraw(post, remote_id)
    for _ in range(20):
        if not isinstance(result, Retry):
            break
        await asyncio.sleep(result.after or 0)
        result = await under_test.platform.redraw(post, remote_id)
    return result


def befall(under_test: PlatformUnderTest, address: Address, trouble: Trouble) -> None:
    if not under_test.befall(address, trouble):
        pytest.skip(f"this platform knows no {trouble.name}")


def is_for_people(reason: str) -> None:
    """A sentence: no codes, no pages, no words of the protocol."""
    assert re.search(r"[.!?]$", reason), reason
    assert reason[:1].isupper(), reason
    assert not re.search(r"[<>{}]|_|\bHTTP\b|\b\d{3,}\b", reason), reason


# --- Once


async def test_a_message_is_shown_with_its_papers(under_test: PlatformUnderTest) -> None:
    address = under_test.channel()
    result = await sent(under_test, outgoing(address))
    (shown,) = await under_test.shown(address)
    assert shown.id == result.remote_id
    assert "Diffusion Study 1" in shown.words


async def test_a_reply_stands_in_the_thread(under_test: PlatformUnderTest) -> None:
    address = under_test.channel()
    parent = await sent(under_test, outgoing(address))
    await sent(under_test, outgoing(address, news(a_paper(2)), key="b" * 24, reply_to=parent.remote_id))
    assert [one.in_thread for one in await under_test.shown(address)] == [False, True]


@pytest.mark.parametrize("trouble", [Trouble.LOST, Trouble.ANSWER_LOST])
@pytest.mark.parametrize("threaded", [False, True])
async def test_a_lost_answer_is_unknown_and_the_message_is_found_or_missing(
    under_test: PlatformUnderTest, trouble: Trouble, threaded: bool
) -> None:
    address = under_test.channel()
    parent = await sent(under_test, outgoing(address, key="a" * 24))
    post = outgoing(address, reply_to=parent.remote_id) if threaded else outgoing(address)
    if threaded:
        await sent(under_test, replace(post, key="c" * 24))  # the thread is open
        thread = replace(address, channel=parent.remote_id)
        befall(under_test, thread, trouble)
    else:
        befall(under_test, address, trouble)
    before = len(await under_test.shown(address))
    began = under_test.clock.now()
    assert isinstance(await under_test.platform.send(post), Unknown)
    assert len(await under_test.shown(address)) == before + (trouble is Trouble.ANSWER_LOST)
    found = await under_test.platform.look_up(post, around(began))
    if trouble is Trouble.ANSWER_LOST:
        assert found == Sent((await under_test.shown(address))[-1].id)
    else:
        assert found is under_test.missing


async def test_a_message_that_was_never_sent_is_missing(under_test: PlatformUnderTest) -> None:
    address = under_test.channel()
    await sent(under_test, outgoing(address))
    missing = outgoing(address, key="f" * 24)
    found = await under_test.platform.look_up(missing, around(under_test.clock.now()))
    assert found is under_test.missing


async def test_what_is_said_not_to_come_is_there_once_however_often_it_is_sent(under_test: PlatformUnderTest) -> None:
    if under_test.missing is not LookUp.NOT_COMING:
        pytest.skip("a message may come late here")
    address = under_test.channel()
    first, late = await sent(under_test, outgoing(address)), await sent(under_test, outgoing(address))
    assert first == late
    assert len(await under_test.shown(address)) == 1


async def test_a_message_is_found_whatever_the_clocks_say(under_test: PlatformUnderTest) -> None:
    address, began = under_test.channel(), under_test.clock.now()
    result = await sent(under_test, outgoing(address))
    under_test.clock.advance(minutes=30)
    found = await under_test.platform.look_up(outgoing(address), around(began))
    assert found == (LookUp.CANNOT_TELL if under_test.missing is LookUp.CANNOT_TELL else result)


# --- Drawn again


@pytest.mark.parametrize("threaded", [False, True])
async def test_a_message_that_is_drawn_again_shows_the_votes_in_its_place(
    under_test: PlatformUnderTest, threaded: bool
) -> None:
    address = under_test.channel()
    post = outgoing(address)
    if threaded:
        parent = await sent(under_test, outgoing(address, news(a_paper(2)), key="a" * 24))
        post = replace(post, reply_to=parent.remote_id)
    posted = await sent(under_test, post)
    before = await under_test.shown(address)
    card = paper_card(a_paper(), tally=Tally(up=41, down=7))
    voted = replace(post, message=replace(post.message, blocks=(Heading("41 for it"), card)))
    result = await redrawn(under_test, voted, posted.remote_id)
    after = await under_test.shown(address)
    assert [(one.id, one.in_thread) for one in after] == [(one.id, one.in_thread) for one in before]
    if isinstance(result, Rejected):
        assert after == before
        is_for_people(result.reason)
        return
    assert result == posted
    drawn = next(one for one in after if one.id == posted.remote_id)
    assert "41 for it" in drawn.words
    assert "Diffusion Study 1" in drawn.words
    assert await redrawn(under_test, voted, posted.remote_id) == posted
    assert await under_test.shown(address) == after


async def test_what_is_drawn_again_goes_behind_what_is_to_be_posted(under_test: PlatformUnderTest) -> None:
    address = under_test.channel()
    posted = await sent(under_test, outgoing(address))
    before = await under_test.shown(address)
    if not under_test.busy(address):
        pytest.skip("nothing waits for its turn here")
    result = await under_test.platform.redraw(outgoing(address, news(a_paper(3))), posted.remote_id)
    assert isinstance(result, Retry)
    assert result.after
    assert await under_test.shown(address) == before


async def test_a_message_that_is_not_there_is_not_drawn(under_test: PlatformUnderTest) -> None:
    address = under_test.channel()
    await sent(under_test, outgoing(address))
    before = await under_test.shown(address)
    result = await redrawn(under_test, outgoing(address, key="f" * 24), "424242424242424242")
    assert isinstance(result, Rejected | Gone), result
    assert await under_test.shown(address) == before


# --- Refusals by scope


@pytest.mark.parametrize("trouble", PASSING)
async def test_a_refusal_that_passes_is_tried_again_and_nothing_was_posted(
    under_test: PlatformUnderTest, trouble: Trouble
) -> None:
    address = under_test.channel()
    befall(under_test, address, trouble)
    result = await under_test.platform.send(outgoing(address))
    assert isinstance(result, Retry | Unknown), result
    is_for_people(result.reason)
    assert await under_test.shown(address) == []
    if isinstance(result, Retry):
        assert result.known is (trouble is not Trouble.UNKNOWN_CODE)
    if trouble is Trouble.WAIT:
        assert isinstance(result, Retry)
        assert result.after
        under_test.clock.advance(seconds=result.after)
    under_test.clock.advance(minutes=20)
    await sent(under_test, outgoing(address))


@pytest.mark.parametrize(
    ("trouble", "scope"),
    [
        (Trouble.MAY_NOT, GoneScope.CHANNEL),
        (Trouble.CHANNEL_GONE, GoneScope.CHANNEL),
        (Trouble.WORKSPACE_GONE, GoneScope.WORKSPACE),
    ],
)
async def test_what_is_gone_is_gone_in_its_scope(
    under_test: PlatformUnderTest, trouble: Trouble, scope: GoneScope
) -> None:
    address, other = under_test.channel(), under_test.channel()
    befall(under_test, address, trouble)
    result = await under_test.platform.send(outgoing(address))
    assert isinstance(result, Gone), result
    assert result.scope is scope
    is_for_people(result.reason)
    if scope is GoneScope.CHANNEL:
        await sent(under_test, outgoing(other, key="e" * 24))


async def test_a_thread_that_is_gone_is_no_channel_that_is_gone(under_test: PlatformUnderTest) -> None:
    address = under_test.channel()
    parent = await sent(under_test, outgoing(address, key="a" * 24))
    await sent(under_test, outgoing(address, key="b" * 24, reply_to=parent.remote_id))
    if not await under_test.lose_thread(address, parent.remote_id):
        pytest.skip("its threads cannot be deleted")
    result = await under_test.platform.send(outgoing(address, key="c" * 24, reply_to=parent.remote_id))
    assert isinstance(result, Gone), result
    assert result.scope is GoneScope.THREAD
    is_for_people(result.reason)
    await sent(under_test, outgoing(address, key="d" * 24))


async def test_a_message_that_is_taken_in_no_form_is_rejected_in_words(under_test: PlatformUnderTest) -> None:
    address = under_test.channel()
    befall(under_test, address, Trouble.REJECTED)
    result = await under_test.platform.send(outgoing(address))
    assert isinstance(result, Rejected), result
    is_for_people(result.reason)
    await sent(under_test, outgoing(address, key="e" * 24))


async def test_what_belongs_to_another_platform_is_not_sent(under_test: PlatformUnderTest) -> None:
    address = under_test.channel()
    others = [name for name in type(address.platform) if name is not address.platform]
    for name in others:
        result = await under_test.platform.send(outgoing(replace(address, platform=name)))
        assert isinstance(result, Rejected), result
    assert await under_test.shown(address) == []


async def test_a_look_up_in_what_does_not_exist_is_an_answer(under_test: PlatformUnderTest) -> None:
    nowhere = replace(under_test.channel(), channel="4242424242")
    found = await under_test.platform.look_up(outgoing(nowhere), around(under_test.clock.now()))
    assert isinstance(found, Gone | Retry | LookUp | Partly)


# --- Limits


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("abstracts", [False, True])
async def test_as_many_papers_as_are_promised_fit_into_a_message(
    under_test: PlatformUnderTest, style: Style, abstracts: bool
) -> None:
    address = under_test.channel()
    count = under_test.platform.papers_per_message(style, abstracts=abstracts)
    assert count >= 1
    papers = [
        a_paper(
            number,
            title=f"{number} " + "A Very Long Title of Many & Various Words " * 7,
            abstract="We study & measure <diffusion>. " * 120,
            summary="It is a summary that says much. " * 20,
            authors=names(*(f"Given{one} Family{one}" for one in range(60))),
            thumbnail_url=f"https://cdn.example.org/{number}.png",
            code_url="https://github.com/ada/diffusion",
        )
        for number in range(1, count + 1)
    ]
    await sent(under_test, outgoing(address, news(*papers, style=style, abstracts=abstracts)))
    shown = " ".join(one.words for one in await under_test.shown(address))
    for paper in papers:
        assert paper.id in shown or paper.title[:20] in shown


# --- Noise


@pytest.mark.parametrize("style", [Style.BRIEF, Style.CARDS, Style.COMPACT])
async def test_ten_papers_are_at_most_two_elements_each_and_in_brief_one_message(
    under_test: PlatformUnderTest, style: Style
) -> None:
    address = under_test.channel()
    papers = [
        a_paper(
            number,
            title=f"Diffusion Transformers for Agents That Read and Write, Number {number}",
            abstract="We study diffusion. It helps agents to read. " * 20,
            summary=f"Diffusion transformers let agents read what number {number} wrote, at a tenth of the cost. " * 2,
            organization_name="University of Somewhere",
            thumbnail_url=f"https://cdn.example.org/{number}.png",
            code_url="https://github.com/ada/diffusion",
            upvotes=100 - number,
        )
        for number in range(1, 13)
    ]
    channel = Channel(
        id=1,
        address=address,
        name="general",
        time_zone="UTC",
        schedule="daily 09:00",
        settings=ChannelSettings(limit=10, style=style),
        state=ChannelState.ACTIVE,
    )
    plan = plan_digest(
        channel,
        [QueuedPaper(paper=one, topics=("diffusion",), queries=("diffusion",), instant=False) for one in papers],
        kind=DigestKind.SCHEDULED,
        day=date(2026, 5, 12),
        per_message=under_test.platform.papers_per_message(style, abstracts=False),
        next_digest_at=None,
    )
    assert plan.digest is not None
    known = {one.id: one for one in papers}
    for number, post in enumerate(plan.posts):
        assert isinstance(post.content, DigestPart)
        message = digest_message(channel, replace(plan.digest, id=7), post.content, known, {}, {})
        await sent(under_test, outgoing(address, message, key=f"{number:024}"))
    shown = await under_test.shown(address)
    assert len(shown) == len(plan.posts)
    if style is not Style.CARDS:
        assert len(shown) == 1
    cards = {Style.BRIEF: CARDS_IN_BRIEF, Style.CARDS: 10}.get(style, 0)
    assert sum(one.elements for one in shown) <= 2 * cards + 1  # and “+2 more”
    words = "\n".join(one.words for one in shown)
    assert all(f"Number {number}" in words for number in range(1, 11))


async def test_a_search_answer_has_one_way_to_each_of_its_five_papers(under_test: PlatformUnderTest) -> None:
    address = under_test.channel()
    cards = [paper_card(a_paper(number), votes=False, delivered=False) for number in range(1, 6)]
    turning = Buttons((Button("‹ Back", "search x --page 1"), Button("Next ›", "search x --page 3")))
    await sent(under_test, outgoing(address, Message(summary="Found", blocks=(*cards, turning))))
    (shown,) = await under_test.shown(address)
    assert shown.elements <= 5 + 2


# --- Harmless


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("number", range(len(HOSTILE)))
async def test_hostile_papers_ping_nobody_and_are_shown(
    under_test: PlatformUnderTest, number: int, compact: bool
) -> None:
    words, address = HOSTILE[number], under_test.channel()
    card = PaperBlock(
        paper_id="2605.00001",
        title=words,
        url="https://huggingface.co/papers/2605.00001",
        summary=words,
        byline=words,
        abstract="" if compact else words,
        facts=(words[:60],),
        topics=(words[:60],),
        compact=compact,
    )
    message = Message(summary=words, blocks=(Heading(words), card), topics=(words[:60],), thread=words)
    await sent(under_test, outgoing(address, message))
    (shown,) = await under_test.shown(address)
    assert list(shown.pings) == []
    assert shown.words.strip()


# --- People


async def test_a_person_is_told_in_private(under_test: PlatformUnderTest) -> None:
    address = under_test.channel()
    assert await under_test.platform.tell(address, under_test.person, news(a_paper()))
    told = under_test.told() or [one.words for one in await under_test.shown(address)]
    assert "Diffusion Study 1" in " ".join(told)


async def test_direct_messages_are_a_channel(under_test: PlatformUnderTest) -> None:
    there = await under_test.platform.direct_messages(under_test.channel(), under_test.person)
    await sent(under_test, outgoing(there))
    await sent(under_test, outgoing(there))
    told = under_test.told() or [one.words for one in await under_test.shown(there)]
    assert len(told) == 1 + (under_test.platform.name is PlatformName.SLACK)  # whose messages are looked for first
    assert "Diffusion Study 1" in told[0]


@pytest.mark.parametrize("compact", [False, True])
async def test_whom_a_paper_is_for_is_said_and_only_who_asked_is_pinged(
    under_test: PlatformUnderTest, compact: bool
) -> None:
    other = PersonMention(f"{under_test.person}9", "@everyone <!channel> <@U0ADA> *Bob*")
    shown_as = paper_line if compact else paper_card
    card = shown_as(a_paper(), people=[other])
    await sent(under_test, outgoing(under_test.channel(), Message(summary="One paper", blocks=(card,))))
    asked = PersonMention(under_test.person, "Ada", ping=True)
    address = under_test.channel()
    both = shown_as(a_paper(), people=[other, asked])
    await sent(under_test, outgoing(address, Message(summary="One paper", blocks=(both,)), key="b" * 24))
    shown = (await under_test.shown(address))[-1]
    assert "for " in shown.words
    assert [under_test.person in ping for ping in shown.pings] == [True] * under_test.notifies
    assert not any(other.id in ping for ping in shown.pings)


def test_what_is_no_role_and_no_mention_is_said_so(under_test: PlatformUnderTest) -> None:
    with pytest.raises(UserError) as refused:
        under_test.platform.parse_role("whoever comes by")
    is_for_people(str(refused.value).replace("`", "").replace("<", "").replace(">", ""))
    with pytest.raises(UserError):
        under_test.platform.parse_mention(" \n ")
