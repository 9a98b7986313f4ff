"""What a topic would have posted, with its bounds, and how many papers a day."""

from __future__ import annotations

import pytest

from bot.commands.forecasting import _rate
from tests.sources import a_paper
from tests.town import Town


async def test_a_forecast_counts_what_the_topic_would_have_posted_within_its_bounds(town: Town) -> None:
    await town.news(*(a_paper(number, upvotes=number) for number in range(1, 9)))
    everything = await town.say("forecast -- diffusion")
    assert "8 papers in the last 4 weeks" in everything
    assert "about 2 a week" in everything
    bounded = await town.say("forecast --min-upvotes 7 -- diffusion")
    assert "2 papers in the last 4 weeks" in bounded
    assert "Diffusion Study 8" in bounded
    assert "Diffusion Study 6" not in bounded
    assert "nothing" in await town.say("forecast -- turtles")


async def test_before_anything_is_read_nobody_can_say(town: Town) -> None:
    assert "No papers are known yet" in await town.say("forecast -- diffusion")


async def test_a_query_that_is_wrong_is_explained(town: Town) -> None:
    assert "quot" in await town.refused('forecast -- "diffusion')


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "less than one a week"), (4, "about 1 a week"), (27, "about 7 a week"), (28, "about 1 a day"),
     (1680, "about 60 a day")],
)  # fmt: skip
def test_rates_are_said_as_people_do(number: int, said: str) -> None:
    assert _rate(number) == said
