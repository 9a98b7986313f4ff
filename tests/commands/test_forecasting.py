"""What a topic would have posted, with its bounds, and how many papers a day."""

from __future__ import annotations

import pytest

from bot.forecasts.volume import Volume
from bot.papers.sources import ARXIV, HUGGINGFACE
from tests.core import Core
from tests.sources import a_paper


async def test_a_forecast_counts_what_the_topic_would_have_posted_within_its_bounds(core: Core) -> None:
    await core.news(*(a_paper(number, upvotes=number) for number in range(1, 9)))
    everything = await core.say("forecast -- diffusion")
    assert "8 papers in the one day that is known" in everything
    assert "about 8 a day: 8 from Daily Papers" in everything
    bounded = await core.say("forecast --min-upvotes 7 -- diffusion")
    assert "2 papers in the one day that is known" in bounded
    assert "Diffusion Study 8" in bounded
    assert "Diffusion Study 6" not in bounded
    assert "nothing" in await core.say("forecast -- turtles")


async def test_before_anything_is_read_nobody_can_say(core: Core) -> None:
    assert "No papers are known yet" in await core.say("forecast -- diffusion")


async def test_a_query_that_is_wrong_is_explained(core: Core) -> None:
    assert "quot" in await core.refused('forecast -- "diffusion')


@pytest.mark.parametrize(
    ("featured", "arxiv", "said"),
    [
        (1, 0, "less than one a week"),
        (1, 1, "about 1 a week: 1 from arXiv"),
        (14, 28, "about 3 a day: 1 from Daily Papers, 2 from arXiv"),
        (0, 840, "about 60 a day: 60 from arXiv"),
    ],
)
def test_rates_are_said_as_people_do(featured: int, arxiv: int, said: str) -> None:
    assert Volume(14, {HUGGINGFACE: featured, ARXIV: arxiv}).rate() == said


async def test_a_topic_says_what_it_would_have_brought_and_warns_of_much(core: Core) -> None:
    await core.news(*(a_paper(number, upvotes=number) for number in range(1, 41)))
    words = await core.say("subscribe diffusion")
    assert "about 40 a day: 40 from Daily Papers" in words
    assert "--min-upvotes 50" not in words
    assert "more than most channels read" in words
    assert "Looked for in Daily Papers and arXiv" in words


async def test_a_topic_names_the_forms_that_match(core: Core) -> None:
    papers = (a_paper(1, title="Agents that plan"), a_paper(2, title="An agent"), a_paper(3, abstract="Animation."))
    await core.news(*papers)
    words = await core.say("subscribe agents animations")
    assert "“agents” finds “agent” and “agents”; `=agents` finds that form alone" in words
    assert "No paper has “animations” itself: it finds “animation”" in words
    assert "finds that form alone" not in await core.say('subscribe "agents" planning')


async def test_where_there_are_too_many_a_word_is_proposed_that_halves_them(core: Core) -> None:
    papers = [
        a_paper(number, upvotes=0, abstract="We study diffusion." + (" On molecules." if number % 2 else ""))
        for number in range(1, 41)
    ]
    await core.news(*papers)
    assert "`diffusion molecules`" in await core.say("subscribe diffusion")
