"""How digests are ordered: by fit to the topics first, then also by what people of the channel think of papers."""

from __future__ import annotations

from bot.digests.content import DigestPart
from bot.papers.paper import Paper
from tests.core import Core
from tests.sources import a_paper


def about(number: int, *words: str, upvotes: int = 5) -> Paper:
    text = " ".join(words)
    return a_paper(number, title=f"{text} {number}", abstract=f"We look at {text}. It is diffusion.", upvotes=upvotes)


async def shown(core: Core) -> list[str]:
    channel = await core.channel()
    plan = await core.engine.planner.preview(channel)
    return [paper for post in plan.posts if isinstance(post.content, DigestPart) for paper in post.content.paper_ids]


async def test_what_fits_the_topic_comes_before_what_has_votes(core: Core) -> None:
    await core.say("subscribe diffusion")
    loud = about(1, "speech", "retrieval", upvotes=90)
    fitting = about(2, "diffusion", upvotes=1)
    await core.news(loud, fitting)
    assert await shown(core) == [fitting.id, loud.id]
    assert "fit" in await core.say("settings order")
    await core.say("settings order upvotes")
    assert await shown(core) == [loud.id, fitting.id]
    await core.say("settings order new")
    assert await shown(core) == [fitting.id, loud.id]
    assert "Did you mean `upvotes`" in await core.refused("settings order upvote")


async def test_votes_and_saves_bring_up_what_is_like_them_here_and_nowhere_else(core: Core) -> None:
    for channel in ("general", "other"):
        await core.say("subscribe diffusion", channel)
    old = [about(number, "speech" if number % 2 else "quantum", "error") for number in range(1, 9)]
    await core.news(*old)
    await core.engine.deliver()
    await core.next_digest()
    fresh = [about(number, word, "error") for number, word in ((11, "quantum"), (12, "speech"), (13, "quantum"))]
    await core.news(*fresh)
    before = await shown(core)
    await core.ask(f"vote {old[0].id} down")
    assert await shown(core) == before
    await core.ask(f"vote {old[0].id} down")
    await core.ask(f"vote {old[0].id} up")
    assert (await shown(core))[0] == fresh[1].id
    await core.ask(f"vote {old[0].id} up")
    assert await shown(core) == before
    await core.ask(f"save {old[1].id}")
    assert (await shown(core))[-1] == fresh[1].id
    await core.ask(f"save {old[2].id}", "other")
    assert (await shown(core))[-1] == fresh[1].id


async def test_the_limit_cuts_after_ordering_and_the_rest_is_counted(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings limit 1")
    loud, fitting = about(1, "speech", upvotes=90), about(2, "diffusion", upvotes=1)
    await core.news(loud, fitting)
    await core.next_digest()
    assert core.platform.papers_in("general") == [fitting.id]
    assert loud.id in await core.say("history")
