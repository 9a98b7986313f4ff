"""Papers: merged from all that was ever said of them, numbered in the order in which they became visible."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from bot.papers.paper import Listing, Paper
from bot.papers.sources import ARXIV, BUILT_IN, HUGGINGFACE
from bot.papers.store import DayAnswer
from storage.database.statements import CHUNK
from storage.papers.ids import identify
from storage.store import SqlStore
from tests.clocks import NOON
from tests.papers.names import names
from tests.patience import PATIENCE
from tests.storage.scenes import TODAY, answer, listed, paper

YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)
WRITERS = 8

FULL = Paper(
    id="astro-ph/0601001",
    title="Schrödinger’s 猫 – a \\u0000 study of “quotes” & \\ 100 % <b>",
    abstract="Line one.\n\nLine two.",
    authors=names("Ada Lovelace", "Łukasz Ñandú"),
    categories=("cs.CL", "cs.LG"),
    keywords=("cats",),
    summary="Cats.",
    published_on=date(2006, 1, 2),
    featured_on=TODAY,
    sources=frozenset(BUILT_IN),
    upvotes=12,
    comments=3,
    stars=4_000_000,
    models=2,
    submitter="ada",
    organization="cats",
    organization_name="Cats & Co.",
    code_url="https://example.org/code?a=1&b=2",
    project_url="https://example.org/",
    thumbnail_url="https://example.org/cat.png",
    author_comment="Accepted.",
)


async def test_a_paper_comes_back_as_it_was_listed(store: SqlStore) -> None:
    assert await listed(store, FULL) == 1
    assert await store.papers.paper(FULL.id) == FULL
    assert await store.papers.papers([FULL.id, "2605.99999"]) == {FULL.id: FULL}
    assert await store.papers.paper("2605.99999") is None


async def test_papers_are_found_by_how_their_id_begins(store: SqlStore) -> None:
    await listed(store, paper(1), paper(2), paper(13), FULL)
    beginning = paper(1).id[:-1]
    found = await store.papers.beginning_with(beginning, 10)
    assert [one.id for one in found] == [paper(2).id, paper(1).id]
    assert await store.papers.beginning_with(paper(1).id[:4], 1) == [paper(13)]
    assert await store.papers.beginning_with("astro-ph/06", 10) == [FULL]
    assert await store.papers.beginning_with("%", 10) == []


async def test_the_same_answer_changes_nothing(store: SqlStore) -> None:
    await listed(store, paper(1), paper(2))
    await store.digests.record_matches({paper(1).id: 1, paper(2).id: 1}, [], NOON)
    before = await store.papers.changed_papers(0, 10)
    assert await listed(store, paper(1), paper(2), now=NOON + timedelta(hours=1)) == 0
    assert await store.papers.changed_papers(0, 10) == before
    assert await store.papers.unmatched(10) == []


async def test_a_later_answer_is_merged_with_what_is_known(store: SqlStore) -> None:
    await listed(store, paper(1, upvotes=3, summary="Known.", authors=names("A", "B"), submitter="ada"))
    assert await listed(store, paper(1, upvotes=20, authors=names("A"), submitter="bob", featured_on=TOMORROW)) == 1
    merged = await store.papers.paper(paper(1).id)
    assert merged == paper(1, upvotes=20, summary="Known.", authors=names("A", "B"), submitter="ada")


async def test_a_paper_of_two_sources_is_one_paper(store: SqlStore) -> None:
    from_arxiv = paper(1, sources=frozenset({ARXIV}), featured_on=YESTERDAY, categories=("cs.CL",))
    await listed(store, paper(1, upvotes=7))
    await listed(store, from_arxiv, day=YESTERDAY, source=ARXIV)
    assert await store.papers.count() == 1
    merged = await store.papers.paper(paper(1).id)
    assert merged is not None
    assert (merged.sources, merged.upvotes, merged.featured_on) == (frozenset(BUILT_IN), 7, YESTERDAY)
    assert merged.categories == ("cs.CL",)


def test_ten_thousand_papers_of_a_day_are_told_apart_at_once() -> None:
    """To look through all of them at each would take minutes, in which the bot does nothing else."""
    here = [Paper(id=f"2604.{number:05}", title="A title", other_ids=(f"doi:{number}",)) for number in range(10_000)]
    there = [Paper(id=f"feed:{number}", title="A title", other_ids=(f"doi:{number}",)) for number in range(10_000)]
    placed, mergers = identify([*there, *here], {}, {})
    assert [paper.id for paper in placed] == 2 * [paper.id for paper in here]
    assert [(one.gone, one.stays) for one in mergers] == [(a.id, b.id) for a, b in zip(there, here, strict=True)]


async def test_a_paper_twice_in_one_answer_is_merged(store: SqlStore) -> None:
    twice = [Listing(source=HUGGINGFACE, day=TODAY, paper=paper(1, upvotes=n), rank=n) for n in (1, 2)]
    changed = await store.papers.record_day(HUGGINGFACE, DayAnswer(day=TODAY, listings=tuple(twice)), NOON)
    assert changed == 1
    assert await store.papers.listed_on(TODAY) == [paper(1, upvotes=2)]


async def test_a_day_that_grows_keeps_what_it_listed(store: SqlStore) -> None:
    await listed(store, paper(1), paper(2))
    await listed(store, paper(3), paper(2))
    assert {one.id for one in await store.papers.listed_on(TODAY)} == {paper(n).id for n in (1, 2, 3)}


async def test_a_day_lists_the_most_upvoted_first(store: SqlStore) -> None:
    await listed(store, paper(1, upvotes=5), paper(2, upvotes=50), paper(3, upvotes=5))
    await listed(store, paper(4, upvotes=500), day=YESTERDAY)
    assert [one.id for one in await store.papers.listed_on(TODAY)] == [paper(n).id for n in (2, 3, 1)]
    assert await store.papers.listed_on(TOMORROW) == []
    assert await store.papers.newest_day() == TODAY


async def test_nothing_listed_has_no_newest_day(store: SqlStore) -> None:
    assert await store.papers.newest_day() is None
    assert await listed(store, day=TODAY) == 0
    assert await store.papers.newest_day() is None


async def test_trending_counts_from_the_given_day(store: SqlStore) -> None:
    await listed(store, paper(1, upvotes=900), day=YESTERDAY - timedelta(days=1))
    await listed(store, paper(2, upvotes=10), day=YESTERDAY)
    await listed(store, paper(3, upvotes=30), paper(4, upvotes=20), day=TODAY)
    trending = await store.papers.trending(YESTERDAY, 2)
    assert [one.id for one in trending] == [paper(3).id, paper(4).id]
    assert paper(1).id not in {one.id for one in await store.papers.trending(YESTERDAY, 10)}


async def test_listed_since_goes_by_when_we_saw_it(store: SqlStore) -> None:
    await listed(store, paper(1), now=NOON)
    await listed(store, paper(2), paper(3), now=NOON + timedelta(minutes=1))
    await listed(store, paper(1, upvotes=5), now=NOON + timedelta(minutes=2))
    assert [one.id for one in await store.papers.listed_since(NOON)] == [paper(3).id, paper(2).id]


async def test_papers_wait_for_topics_in_the_order_of_listing_until_they_are_matched(store: SqlStore) -> None:
    await listed(store, paper(2), paper(1))
    await listed(store, paper(3))
    waiting = await store.papers.unmatched(10)
    assert [one.paper.id for one in waiting] == [paper(n).id for n in (2, 1, 3)]
    assert [one.first.at for one in waiting] == [NOON] * 3
    assert [one.paper.id for one in await store.papers.unmatched(1)] == [paper(2).id]
    await store.digests.record_matches({one.paper.id: one.revision for one in waiting[:2]}, [], NOON)
    assert [one.paper.id for one in await store.papers.unmatched(10)] == [paper(3).id]


async def test_a_paper_that_changes_while_it_is_matched_is_matched_again(store: SqlStore) -> None:
    await listed(store, paper(1))
    (before,) = await store.papers.unmatched(10)
    await listed(store, paper(1, upvotes=9), now=NOON + timedelta(hours=1))
    await store.digests.record_matches({before.paper.id: before.revision}, [], NOON)
    (after,) = await store.papers.unmatched(10)
    assert (after.revision, after.paper.upvotes) == (before.revision + 1, 9)
    assert (after.first.at, after.first.change) == (before.first.at, before.first.change)


async def test_an_earlier_match_that_comes_late_undoes_no_later_one(store: SqlStore) -> None:
    await listed(store, paper(1))
    await listed(store, paper(1, upvotes=9))
    await store.digests.record_matches({paper(1).id: 2}, [], NOON)
    await store.digests.record_matches({paper(1).id: 1}, [], NOON)
    assert await store.papers.unmatched(10) == []


async def test_imported_papers_are_news_to_nobody(store: SqlStore) -> None:
    assert await store.papers.import_papers([paper(1), paper(2)]) == 2
    assert await store.papers.import_papers([paper(1), paper(2, title="Corrected")]) == 1
    assert await store.papers.import_papers([]) == 0
    assert await store.papers.unmatched(10) == []
    assert await store.papers.listed_since(NOON - timedelta(days=1)) == []
    assert [(await store.papers.papers([paper(2).id]))[paper(2).id].title] == ["Corrected"]
    assert {one.id for _, one in await store.papers.changed_papers(0, 10)} == {paper(1).id, paper(2).id}


async def test_a_listing_makes_an_imported_paper_news_even_if_it_says_nothing_new(store: SqlStore) -> None:
    await store.papers.import_papers([paper(1)])
    change = await store.papers.last_change()
    assert await listed(store, paper(1)) == 1
    (news,) = await store.papers.unmatched(10)
    assert (news.paper, news.first.at) == (paper(1), NOON)
    assert news.first.change > change


async def test_an_import_leaves_the_time_of_a_listing_alone(store: SqlStore) -> None:
    await listed(store, paper(1))
    (before,) = await store.papers.unmatched(10)
    await store.papers.import_papers([paper(1, summary="Found elsewhere.")])
    (after,) = await store.papers.unmatched(10)
    assert (after.first.at, after.first.change) == (before.first.at, before.first.change)


async def test_each_source_that_lists_a_paper_makes_it_news_once_even_if_it_says_nothing_new(store: SqlStore) -> None:
    everywhere = paper(1, sources=frozenset({HUGGINGFACE, ARXIV}))
    await listed(store, everywhere)
    (first,) = await store.papers.unmatched(10)
    await store.digests.record_matches({first.paper.id: first.revision}, [], NOON)
    later = NOON + timedelta(days=3)
    assert await listed(store, everywhere, source=ARXIV, now=later) == 1
    (second,) = await store.papers.unmatched(10)
    assert (second.paper, second.first) == (first.paper, first.first)
    assert first.by_source == {HUGGINGFACE: first.first}
    by_arxiv = second.by_source[ARXIV]
    assert (by_arxiv.at, by_arxiv.change > first.first.change) == (later, True)
    assert second.by_source == {HUGGINGFACE: first.first, ARXIV: by_arxiv}
    await store.digests.record_matches({second.paper.id: second.revision}, [], NOON)
    for day in (TODAY, TOMORROW):  # a source may list it on another day
        assert await listed(store, everywhere, day=day, source=ARXIV, now=later + timedelta(days=1)) == 0
    record = await store.papers.record_of(everywhere.id)
    assert record is not None
    assert record.stored == second


async def test_papers_that_any_source_listed_lately_are_found(store: SqlStore) -> None:
    for number, source in ((1, ARXIV), (2, HUGGINGFACE)):
        await listed(store, paper(number), source=source)
    await listed(store, paper(1), now=NOON + timedelta(days=9))
    lately = NOON + timedelta(days=8)
    assert [one.id for one in await store.papers.listed_since(lately)] == [paper(1).id]
    assert await store.papers.listed_since(NOON + timedelta(days=9)) == []
    expected = {None: [], (ARXIV,): [], (HUGGINGFACE,): [paper(1).id], (HUGGINGFACE, ARXIV): []}
    for sources, ids in expected.items():
        chosen = None if sources is None else frozenset(sources)
        assert [one.id for one in await store.papers.first_listed_since(lately, chosen)] == ids


async def test_sources_that_are_read_at_once_are_both_noted(database_url: str) -> None:
    sources = (HUGGINGFACE, ARXIV)
    stores = [SqlStore(database_url) for _ in sources]
    papers = [paper(number, sources=frozenset()) for number in range(1, 21)]
    await asyncio.gather(
        *(listed(store, *papers, source=source) for store, source in zip(stores, sources, strict=True))
    )
    for stored in await stores[0].papers.unmatched(100):
        assert set(stored.by_source) == set(sources)
        assert stored.first == min(stored.by_source.values(), key=lambda listing: listing.change)
        assert stored.listed_by(frozenset(sources)) == stored.listed_by(None) == stored.first
    for store in stores:
        await store.close()


async def test_more_papers_than_one_statement_takes(store: SqlStore) -> None:
    papers = [paper(number) for number in range(1, 2 * CHUNK + 2)]
    assert await store.papers.import_papers(papers) == len(papers)
    assert await store.papers.import_papers([paper(number, upvotes=1) for number in range(1, 2 * CHUNK + 2)]) == 1001
    assert len(await store.papers.papers([one.id for one in papers])) == len(papers)
    assert await store.papers.count() == len(papers)


async def test_changed_papers_are_read_page_by_page_without_gap_or_repetition(store: SqlStore) -> None:
    await listed(store, *(paper(number) for number in range(1, 8)))
    await listed(store, paper(2, upvotes=1))
    seen: list[str] = []
    after = 0
    while page := await store.papers.changed_papers(after, 3):
        seen += [one.id for _, one in page]
        after = page[-1][0]
    assert seen == [paper(number).id for number in (1, 3, 4, 5, 6, 7, 2)]
    assert after <= await store.papers.last_change()


async def test_no_change_appears_behind_a_reader_while_many_write(database_url: str) -> None:
    writing = [SqlStore(database_url) for _ in range(WRITERS)]
    reading = SqlStore(database_url)
    seen: list[int] = []

    async def write(store: SqlStore, first: int) -> None:
        for number in range(first, first + 5):
            await listed(store, paper(number), paper(number + 500))

    async def follow() -> None:
        while len(seen) < WRITERS * 10:
            page = await reading.papers.changed_papers(seen[-1] if seen else 0, 7)
            seen.extend(number for number, _ in page)

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(follow(), *(write(store, 1 + 5 * place) for place, store in enumerate(writing)))
    # A number that became visible behind the reader would be missing here.
    assert seen == [number for number, _ in await reading.papers.changed_papers(0, 1000)]
    assert seen == sorted(set(seen))
    for store in [*writing, reading]:
        await store.close()


async def test_votes_that_two_sources_bring_at_once_are_both_kept(database_url: str) -> None:
    stores = [SqlStore(database_url) for _ in range(4)]
    await asyncio.gather(
        *(
            store.papers.record_day(HUGGINGFACE, answer(*(paper(n, keywords=(f"k{place}",)) for n in range(20))), NOON)
            for place, store in enumerate(stores)
        ),
        *(
            store.papers.record_day(
                ARXIV,
                answer(
                    *(paper(n, sources=frozenset({ARXIV}), categories=("cs.CL",)) for n in range(19, -1, -1)),
                    source=ARXIV,
                ),
                NOON,
            )
            for store in stores
        ),
    )
    for one in (await stores[0].papers.papers([paper(n).id for n in range(20)])).values():
        assert one.sources == frozenset(BUILT_IN)
        assert one.categories == ("cs.CL",)
    for store in stores:
        await store.close()


async def test_the_largest_numbers_that_feeds_may_bring(store: SqlStore) -> None:
    most = 2**31 - 1
    famous = paper(1, upvotes=most, stars=most, comments=most, models=most)
    await listed(store, famous)
    assert await store.papers.trending(TODAY, 1) == [famous]
