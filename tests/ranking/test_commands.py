"""Commands about the order: what was learnt and forgetting it, looking back, and muting."""

from __future__ import annotations

from bot.messages.message import Button, Buttons
from bot.papers.names import Name
from bot.papers.paper import Paper
from bot.platforms.command_calls import Reply
from tests.core import VISITOR, Core
from tests.sources import a_paper


def about(number: int, words: str, author: str = "Grace Hopper") -> Paper:
    return a_paper(
        number,
        title=f"{words} diffusion",
        abstract=f"We look at {words}. It is diffusion.",
        authors=(Name(author.split()[1], author.split()[0]),),
        categories=("cs.CL",),
    )


def buttons_of(reply: Reply) -> list[Button]:
    return [one for block in reply.message.blocks if isinstance(block, Buttons) for one in block.buttons]


async def test_taste_says_what_was_learnt_and_forgets_it(core: Core) -> None:
    await core.say("subscribe diffusion")
    papers = [about(number, "speech" if number % 2 else "quantum", "Ada Lovelace") for number in range(1, 9)]
    await core.news(*papers)
    assert "Nothing is learnt yet" in await core.say("taste")
    for number in (0, 2):
        await core.ask(f"vote {papers[number].id} up")
    await core.ask(f"vote {papers[1].id} down")
    words = await core.say("taste")
    assert "2 votes for papers and 1 against" in words
    assert "speech" in words.partition("Liked words: ")[2].splitlines()[0]
    assert "quantum" in words.partition("Disliked words: ")[2].splitlines()[0]
    assert "Liked authors: Ada Lovelace" in words
    await core.refused("taste reset", person=VISITOR)
    assert "Nothing is learnt about" in await core.refused("taste forget nonsense")
    await core.say("taste forget ada lovelace")
    await core.say("taste forget speech")
    words = await core.say("taste")
    assert "Liked authors" not in words
    assert "speech" not in words.partition("Liked words: ")[2].partition("\n")[0]
    assert "Forgotten: Ada Lovelace and speech" in words
    core.clock.advance(minutes=1)
    await core.say("taste reset")
    assert "Nothing is learnt yet" in await core.say("taste")
    core.clock.advance(minutes=1)
    await core.ask(f"vote {papers[4].id} up")
    assert "Liked authors: Ada Lovelace" in await core.say("taste")


async def test_looking_back_lists_and_posts_only_when_asked(core: Core) -> None:
    old, fresh = about(1, "speech"), about(2, "speech")
    await core.news(old)
    core.clock.advance(days=8)
    await core.news(fresh)
    reply = await core.ask("subscribe speech")
    (line,) = [button.line for button in buttons_of(reply) if button.label.startswith("Look back")]
    back = await core.ask(line)
    assert back.message.paper_ids == [fresh.id]
    await core.settle(hours=30)
    assert core.platform.papers_in("general") == []
    (post,) = [button.line for button in buttons_of(back)]
    await core.say(post)
    await core.settle()
    assert core.platform.papers_in("general") == [fresh.id]
    assert "already" in await core.say(post)
    assert "Nothing more" in await core.say(line)
    await core.refused(post, person=VISITOR)


async def test_not_this_excludes_a_part_and_can_be_undone(core: Core) -> None:
    await core.say("subscribe diffusion OR agents")
    await core.say("subscribe robots")
    paper = about(1, "speech")
    await core.news(paper)
    asked = await core.ask(f"not-this {paper.id}")
    by_label = {button.label: button.line for button in buttons_of(asked)}
    assert {"Not Grace Hopper", "Not cs.CL", "Not “speech”", "👎 Only this paper"} == set(by_label)
    assert [button.label for button in buttons_of(await core.ask(f"not-this {paper.id}", person=VISITOR))] == [
        "👎 Only this paper"
    ]
    muted = await core.ask(by_label["Not Grace Hopper"])
    assert not muted.failed
    topics = await core.store.subscriptions.of_channel((await core.channel()).id)
    assert [topic.query for topic in topics] == ['(diffusion OR agents) -author:"grace hopper"', "robots"]
    assert "No topic here finds it" not in await core.say(f"why {paper.id}")
    await core.next_digest()
    assert core.platform.papers_in("general") == []
    (undo,) = buttons_of(muted)
    await core.say(undo.line)
    topics = await core.store.subscriptions.of_channel((await core.channel()).id)
    assert topics[0].query == "diffusion OR agents"
    await core.refused(f"mute {paper.id} author:nobody")
    await core.refused(by_label["Not cs.CL"], person=VISITOR)
