"""Topics by example: what their models find, in the matcher, in searches, in every process and after a restart."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.meaning.word_models import MOST_TERMS, is_like, score, terms_of, with_threshold, word_model
from bot.papers.paper import Paper
from bot.papers.sources import ARXIV
from bot.platforms.command_calls import CommandCall
from bot.query.models import LARGEST_SUM, WordModel, models_read, models_written
from bot.query.parser import parse
from bot.query.queries import Query
from bot.query.syntax import Like
from bot.topics.matcher import Matcher, matches
from storage.search.index import TantivyIndex
from storage.store import SqlStore
from tests.core import MANAGER, Core
from tests.meaning.subjects import a_day, about
from tests.search.feeds import MemoryFeed, arxiv_papers, needs_arxiv
from tests.sources import a_paper
from tests.strategies import papers, word_models
from tests.thorough import THOROUGH

REAL = 400


def asked(model: WordModel) -> Query:
    return Query.of(Like(("2604.13035",), model=model))


def ids(found: list[Paper]) -> list[str]:
    return [paper.id for paper in found]


def test_a_model_has_whole_positive_weights_and_finds_its_examples_first() -> None:
    example = about("speech", 1)
    model = word_model([example])
    assert model is not None
    assert 0 < len(model.weights) <= MOST_TERMS
    assert all(weight > 0 for weight in model.weights.values())
    assert LARGEST_SUM - MOST_TERMS < sum(weight for weight in model.weights.values()) <= LARGEST_SUM
    assert model.titles == (example.title,)
    ranked = sorted(a_day(1), key=lambda paper: -score(model, paper))
    assert ranked[0] == example
    assert all("Speech" in paper.title for paper in ranked[:5])
    assert word_model([a_paper(1, title="The of", abstract="")]) is None
    assert models_read(models_written((("like:2604.13035", model),))) == (("like:2604.13035", model),)


def test_the_order_of_examples_changes_nothing_that_decides() -> None:
    one, other = about("speech", 1), about("robots", 2)
    first, second = word_model([one, other]), word_model([other, one])
    assert first is not None and second is not None
    assert first.weights == second.weights


@given(word_models(), st.lists(papers(), max_size=12), st.integers(1, 3000))
def test_a_lower_threshold_finds_all_that_a_higher_one_does(model: WordModel, known: list[Paper], less: int) -> None:
    lower = with_threshold(model, model.threshold - less)
    high, low = ([matches(asked(one), paper) for paper in known] for one in (model, lower))
    assert all(below for above, below in zip(high, low, strict=True) if above)
    assert high == [is_like(model, paper) for paper in known]


@given(st.lists(word_models(), max_size=30), st.lists(papers(), max_size=8), st.data())
def test_models_come_and_go_and_papers_come_in_batches_of_any_size(
    models: list[WordModel], known: list[Paper], data: st.DataObject
) -> None:
    matcher = Matcher()
    for key, model in enumerate(models):
        matcher.put(key, asked(model))
    gone = data.draw(st.sets(st.sampled_from(range(len(models))))) if models else set()
    for key in gone:
        matcher.remove(key)
    expected = [
        {key for key, model in enumerate(models) if key not in gone and is_like(model, paper)} for paper in known
    ]
    assert [set(keys) for keys in matcher.match_all(known)] == expected
    assert [set(matcher.match(paper)) for paper in known] == expected


def test_very_many_models_are_added_up_as_few_are() -> None:
    """Words that many models know are kept in another form, as models come and as they go."""
    chance = random.Random(2604)
    known = a_day(1)
    words = sorted({term for paper in known for term in terms_of(paper)[0]})
    models = [
        WordModel.of({word: chance.randint(1, 400) for word in chance.sample(words, chance.randint(1, 20))}, least)
        for least in range(1, 2_700)
    ]
    matcher = Matcher()
    for key, model in enumerate(models):
        matcher.put(key, asked(model))
    left = dict(enumerate(models))
    for wanted in (2_000, 700, 30):
        for key in chance.sample(sorted(left), len(left) - wanted):
            matcher.remove(key)
            del left[key]
        expected = [sorted(key for key, model in left.items() if is_like(model, paper)) for paper in known]
        assert [sorted(keys) for keys in matcher.match_all(known)] == expected
    assert any(expected)


@needs_arxiv
@pytest.mark.shared
async def test_a_search_finds_what_matches_with_real_models_in_an_index_that_changed(tmp_path: Path) -> None:
    known = list(arxiv_papers(REAL))
    feed = MemoryFeed(known)
    index = TantivyIndex(tmp_path, feed)
    await index.refresh()
    feed.put(*(replace(paper, title=f"{paper.title} once more") for paper in known[::7]))  # versions that are gone
    await index.refresh()
    changed = {paper.id: paper for paper in known}
    changed.update((paper.id, replace(paper, title=f"{paper.title} once more")) for paper in known[::7])
    found = 0
    for number in range(0, REAL, 20 if THOROUGH else 80):
        model = word_model(known[number : number + 1 + number % 3])
        assert model is not None
        best = await index.best_scores(model, parse("*"), limit=REAL)
        scores = sorted((score(model, paper) for paper in changed.values()), reverse=True)
        assert best == [one for one in scores if one]
        for place in (0, 5, 40):
            model = with_threshold(model, scores[place])
            page = await index.search(asked(model), limit=REAL)
            expected = {paper.id for paper in changed.values() if matches(asked(model), paper)}
            assert {hit.paper_id for hit in page.hits} == expected
            assert page.total == len(expected) > place
            found += page.total
    assert found
    await index.close()


async def test_a_query_that_was_only_read_says_nothing_about_any_paper(core: Core) -> None:
    undecided = parse("like:2604.13035")
    with pytest.raises(LookupError, match="no model"):
        matches(undecided, about("speech", 1))
    with pytest.raises(LookupError, match="no model"):
        await core.index.search(undecided, limit=1)


async def test_a_topic_by_example_gets_what_is_like_it_and_says_so(core: Core) -> None:
    await core.news(*a_day(1))
    example = about("speech", 1)
    words = await core.say(f"subscribe like:{example.id}~5/day")
    assert f"papers like {example.title} (about 5 a day)" in words
    assert "5 papers in the one day that is known" in words
    core.clock.advance(days=1)
    await core.news(*a_day(101))
    await core.next_digest()
    posted = core.platform.papers_in("general")
    assert sorted(posted) == ids([about("speech", number) for number in range(101, 106)])
    assert f"like {example.title}" in await core.say("topics")
    assert f"like:{example.id}" in await core.say("why 2605.00101")
    assert "**Like**" not in words
    shown = str(core.platform.posts[0].message)
    assert "Like " in shown and example.title in shown


async def test_examples_are_completed_by_their_ids(core: Core) -> None:
    await core.news(*a_day(1))
    call = CommandCall(
        line="search robots -like:(2605.0000", address=core.address(), channel_name="general", person=MANAGER
    )
    first, *_ = await core.commands.complete(call)
    assert first.line.startswith("search robots -like:(2605.0000")
    assert len(first.line) == len("search robots -like:(2605.00001")


async def test_papers_that_were_imported_and_never_listed_set_the_threshold_as_well(core: Core) -> None:
    await core.store.papers.import_papers(a_day(1, each=10, published_on=date(2026, 5, 11)))
    query = await core.commands._services.examples.decided(parse("like:2605.00001~3/day"))
    assert (await core.index.search(query, limit=50)).total == 4  # with the example itself
    assert "about 4 a day" in await core.say("forecast -- like:2605.00001~3/day")


async def test_it_composes_with_all_other_terms(core: Core) -> None:
    await core.news(*a_day(1))
    everything = {f"Speech {number}" for number in range(1, 6)}

    async def found(query: str) -> set[str]:
        words = await core.say(f"search {query}")
        return {title for title in everything | {"Robots 9"} if f"{title}\n" in words}

    assert await found("like:2605.00001~4/day") == everything
    assert await found("like:2605.00001~4/day -title:2 -title:3") == everything - {"Speech 2", "Speech 3"}
    assert await found("like:2605.00001~4/day title:3") == {"Speech 3"}
    assert await found("(like:2605.00001~4/day title:3) OR title:9") == {"Speech 3", "Robots 9"}
    assert await found("title:9 -like:2605.00001") == {"Robots 9"}
    assert await found("title:3 -like:2605.00001~4/day") == set()


async def test_examples_that_nobody_knows_are_refused_and_change_nothing(core: Core) -> None:
    await core.news(*a_day(1))
    for line in ("subscribe like:2301.00001", "search like:(2605.00001 2301.00001)", "forecast -- like:2301.00001"):
        assert "I do not know 2301.00001" in await core.refused(line)
    assert "no topics" in await core.say("topics")


async def test_what_is_like_the_examples_is_fixed_until_the_examples_change(core: Core) -> None:
    await core.news(*a_day(1))
    await core.say("subscribe like:2605.00001")
    (before,) = await core.store.subscriptions.of_channel((await core.channel()).id)
    core.clock.advance(days=1)
    await core.news(replace(about("speech", 1), abstract="Nothing of the kind."), *a_day(201, each=20))
    await core.say("edit 1 like:2605.00001 -survey")
    (edited,) = await core.store.subscriptions.of_channel((await core.channel()).id)
    assert edited.models == before.models
    await core.say("edit 1 like:(2605.00001 2605.00002) -survey")
    (extended,) = await core.store.subscriptions.of_channel((await core.channel()).id)
    model = dict(extended.models)["like:(2605.00001 2605.00002)"]
    assert isinstance(model, WordModel)
    assert model.titles[1] == about("speech", 2).title
    # A search in the channel finds what its topic does, whatever was listed meanwhile.
    assert await core.say("search like:(2605.00001 2605.00002)")
    assert "has that topic already" in await core.refused("subscribe like:(2605.00002 2605.00001) -survey")


async def test_every_process_and_every_restart_decides_the_same(store: SqlStore, tmp_path: Path) -> None:
    """A topic matches what a search finds: in two processes on one database, in batches, and after a restart."""
    core = Core(store, tmp_path / "one")
    await core.news(*a_day(1))
    await core.say("subscribe like:(2605.00001 2605.00002)~3/day")
    await core.say("subscribe like:2605.00006~4/day -7", channel="robots")
    other = Core(store, tmp_path / "two", clock=core.clock, source=core.source, platform=core.platform)
    core.clock.advance(days=1)
    await other.news(*a_day(101, each=8))
    again = Core(store, tmp_path / "two", clock=core.clock, source=core.source, platform=core.platform)
    await again.news(*a_day(201, each=1))
    for channel in ("general", "robots"):
        here = await core.channel(channel)
        (topic,) = await store.subscriptions.of_channel(here.id)
        found = await again.index.search(topic.wanted, limit=100)
        queued = {one.paper.id for one in await store.digests.waiting(here.id)}
        assert queued == {hit.paper_id for hit in found.hits if hit.paper_id > "2605.00100"}
        assert queued
        known = await store.papers.papers([hit.paper_id for hit in found.hits])
        assert all(matches(topic.wanted, paper) for paper in known.values())
    for one in (core, other, again):
        await one.index.close()


async def test_a_share_counts_what_the_channel_reads(core: Core) -> None:
    await core.news(*a_day(1, each=10))
    here = await core.ask("settings sources arxiv")
    assert not here.failed
    await core.store.papers.import_papers(
        [about("speech", number, sources=frozenset({ARXIV})) for number in range(300, 303)]
    )
    await core.say("subscribe like:2605.00001~3/day")
    (topic,) = await core.store.subscriptions.of_channel((await core.channel()).id)
    found = await core.index.search(Query.of(topic.wanted.root), limit=50)
    assert {"2605.00300", "2605.00301", "2605.00302"} <= {hit.paper_id for hit in found.hits}
