"""How digests are ordered: by fit to the topics first, then also by what people of the channel think of papers."""

from __future__ import annotations

from bot.digests.content import DigestPart
from bot.papers.paper import Paper
from tests.sources import a_paper
from tests.town import Town


def about(number: int, *words: str, upvotes: int = 5) -> Paper:
    text = " ".join(words)
    return a_paper(number, title=f"{text} {number}", abstract=f"We look at {text}. It is diffusion.", upvotes=upvotes)


async def shown(town: Town) -> list[str]:
    channel = await town.channel()
    plan = await town.engine.planner.preview(channel)
    return [paper for post in plan.posts if isinstance(post.content, DigestPart) for paper in post.content.paper_ids]


async def test_what_fits_the_topic_comes_before_what_has_votes(town: Town) -> None:
    await town.say("subscribe diffusion")
    loud = about(1, "speech", "retrieval", upvotes=90)
    fitting = about(2, "diffusion", upvotes=1)
    await town.news(loud, fitting)
    assert await shown(town) == [fitting.id, loud.id]
    assert "fit" in await town.say("settings order")
    await town.say("settings order upvotes")
    assert await shown(town) == [loud.id, fitting.id]
    await town.say("settings order new")
    assert await shown(town) == [fitting.id, loud.id]
    assert "Did you mean `upvotes`" in await town.refused("settings order upvote")


async def test_votes_and_saves_bring_up_what_is_like_them_here_and_nowhere_else(town: Town) -> None:
    for channel in ("general", "other"):
        await town.say("subscribe diffusion", channel)
    old = [about(number, "speech" if number % 2 else "quantum", "error") for number in range(1, 9)]
    await town.news(*old)
    await town.engine.deliver()
    await town.next_digest()
    fresh = [about(number, word, "error") for number, word in ((11, "quantum"), (12, "speech"), (13, "quantum"))]
    await town.news(*fresh)
    before = await shown(town)
    await town.ask(f"vote {old[0].id} down")
    assert await shown(town) == before
    await town.ask(f"vote {old[0].id} down")
    await town.ask(f"vote {old[0].id} up")
    assert (await shown(town))[0] == fresh[1].id
    await town.ask(f"vote {old[0].id} up")
    assert await shown(town) == before
    await town.ask(f"save {old[1].id}")
    assert (await shown(town))[-1] == fresh[1].id
    await town.ask(f"save {old[2].id}", "other")
    assert (await shown(town))[-1] == fresh[1].id


async def test_the_limit_cuts_after_ordering_and_the_rest_is_counted(town: Town) -> None:
    await town.say("subscribe diffusion")
    await town.say("settings limit 1")
    loud, fitting = about(1, "speech", upvotes=90), about(2, "diffusion", upvotes=1)
    await town.news(loud, fitting)
    await town.next_digest()
    assert town.platform.papers_in("general") == [fitting.id]
    assert loud.id in await town.say("history")
