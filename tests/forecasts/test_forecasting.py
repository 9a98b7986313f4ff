"""Forecasts: what a query would have brought, and what another one would bring instead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.forecasts.forecasting import found_in
from bot.forecasts.volume import volume_of
from bot.papers.sources import ARXIV, HUGGINGFACE
from bot.query.parser import parse
from tests.core import Core
from tests.sources import a_paper


async def test_papers_are_counted_by_day_and_among_all_of_the_same_days(core: Core) -> None:
    today = core.clock.now().date()
    for back, numbers in ((3, range(1, 4)), (0, range(4, 9))):
        papers = [a_paper(number, title="Turtles" if number % 2 else "Diffusion") for number in numbers]
        core.source.list(*papers, day=today - timedelta(days=back))
        await core.engine.poll()
        core.clock.advance(hours=1)
    volume = await volume_of(core.index, parse("title:turtles"), today, [HUGGINGFACE, ARXIV])
    assert volume.days == 4
    assert list(volume.by_day.values()) == [2, 0, 0, 2]
    assert sum(volume.by_day.values()) == volume.total == 4
    assert volume.all_papers == 8
    assert (volume.pace(), volume.all_pace()) == ("about 1 a day", 2)
    assert replace(volume, papers={ARXIV: 1}).all_pace() == 14
    assert (await volume_of(core.index, parse("title:turtles"), today, [ARXIV])).total == 0


async def test_another_query_is_compared_by_what_it_gains_and_loses(core: Core) -> None:
    await core.news(a_paper(1, title="Turtles swim"), a_paper(2, title="Turtles walk"), a_paper(3, title="Hares walk"))
    changes = await core.forecasts.changes(parse("title:turtles"), parse("title:walk -title:swim"), 5)
    assert changes is not None
    assert (changes.gained, changes.lost) == (1, 1)
    assert [paper.title for paper in changes.won] == ["Hares walk"]
    assert [paper.title for paper in changes.missed] == ["Turtles swim"]


async def test_where_no_papers_are_known_nothing_can_be_said(core: Core) -> None:
    assert await core.forecasts.volume(parse("turtles"), [ARXIV]) is None
    assert await core.forecasts.changes(parse("turtles"), parse("hares"), 5) is None
    assert await core.forecasts.found(parse("turtles"), 5) == []


def test_what_a_query_finds_is_marked_in_title_and_sentence() -> None:
    paper = a_paper(1, title="Agents and an agent’s plan", abstract="We plan. We show that planning agents are slow.")
    found = found_in(parse("agents title:plan author:nobody"), paper)
    assert [span.text for span in found.title if span.bold] == ["Agents", "agent", "plan"]
    assert "".join(span.text for span in found.title) == paper.title
    assert [span.text for span in found.sentence if span.bold] == ["agents"]
    plain = found_in(parse("author:nobody"), paper)
    assert "".join(span.text for span in plain.title) == paper.title
    assert not any(span.bold for span in plain.title)


async def test_what_is_counted_is_what_searches_find(core: Core) -> None:
    words = ("turtles swim", "turtles walk", "hares swim", "hares run fast", "snails")
    papers = [a_paper(number, title=words[number % 5], abstract=words[number % 3]) for number in range(1, 31)]
    await core.news(*papers)
    conditions = [parse(one).root for one in ("title:swim", "title:snails", "upvotes:>=1", "hares OR snails")]
    plain = parse("turtles OR hares")
    likened = await core.panels.drafts.preview(core.call(), "like:2605.00003 -snails")
    assert likened.volume is not None
    (like,) = (await core.examples.decided(parse("like:2605.00003 -snails"))).by_example()
    alike = parse("like:2605.00003 -snails").with_models(((parse("like:2605.00003").text, like.model),))  # type: ignore[arg-type]
    for query in (plain, alike):
        totals = [(await core.index.search(query.meeting(one), limit=1)).total for one in conditions]
        assert await core.index.counts(query, conditions) == totals
        assert any(totals)
    assert likened.volume.total == (await core.index.search(alike, limit=1)).total
