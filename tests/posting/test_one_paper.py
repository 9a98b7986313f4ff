"""What two sources show is one paper where they agree on its DOI or arXiv id, whenever that becomes known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels.channel import PlatformName
from bot.papers.dois import id_of_doi
from bot.papers.paper import Paper
from bot.papers.sources import ARXIV, SourceName
from bot.query.parser import parse
from bot.reading.lists import Reader
from bot.reading.votes import Vote
from storage.store import SqlStore
from tests.clocks import NOON
from tests.core import Core
from tests.storage.scenes import TODAY, listed

NATURE, BLOG = SourceName("nature"), SourceName("blog")
DOI = "10.1038/s41586-026-0123-4"
IN_NATURE = Paper(
    id=id_of_doi(DOI),
    doi=DOI,
    other_ids=("feed:0123456789abcdef0123",),
    title="Small agents",
    abstract="A teaser.",
    page_url="https://www.nature.com/articles/s41586-026-0123-4",
    featured_on=TODAY,
    sources=frozenset({NATURE}),
)
ON_ARXIV = Paper(
    id="2604.13035",
    doi=DOI,
    title="Small agents at work",
    abstract="All that there is to say about small agents.",
    featured_on=TODAY,
    sources=frozenset({ARXIV}),
)


async def test_a_paper_known_by_its_doi_becomes_arxivs(store: SqlStore) -> None:
    await listed(store, IN_NATURE, source=NATURE)
    await listed(store, ON_ARXIV, source=ARXIV)
    assert await store.papers.count() == 1
    for name in (*IN_NATURE.ids, ON_ARXIV.id):
        paper = await store.papers.paper(name)
        assert paper is not None
        assert (paper.id, paper.title, paper.abstract) == (ON_ARXIV.id, ON_ARXIV.title, ON_ARXIV.abstract)
        assert paper.sources == {NATURE, ARXIV}
        assert set(IN_NATURE.ids) < set(paper.ids)
    record = await store.papers.record_of(IN_NATURE.id)
    assert record is not None
    assert {source for source, _ in record.listings} == {NATURE, ARXIV}


@pytest.mark.parametrize("first", [True, False])
async def test_a_link_between_two_known_papers_makes_them_one(store: SqlStore, first: bool) -> None:
    apart = [(IN_NATURE, NATURE), (replace(ON_ARXIV, doi=""), ARXIV)]
    for paper, source in apart if first else apart[::-1]:
        await listed(store, paper, source=source)
    assert await store.papers.count() == 2
    await listed(store, ON_ARXIV, source=ARXIV)
    assert await store.papers.count() == 1
    assert set(await store.papers.papers([IN_NATURE.id, ON_ARXIV.id])) == {IN_NATURE.id, ON_ARXIV.id}


@pytest.mark.parametrize("earlier", [True, False])
async def test_one_paper_is_as_old_to_a_source_as_the_older_of_both(store: SqlStore, earlier: bool) -> None:
    """Also where the source listed both on one day."""
    early, late = (IN_NATURE, ON_ARXIV) if earlier else (ON_ARXIV, IN_NATURE)
    for paper, later in ((early, 0), (late, 1)):
        await listed(store, replace(paper, doi=""), source=BLOG, now=NOON + timedelta(hours=later))
    assert await store.papers.count() == 2
    (first, _) = await store.papers.unmatched(10)
    await listed(store, replace(ON_ARXIV, other_ids=(IN_NATURE.id,)), source=ARXIV, now=NOON + timedelta(hours=2))
    (one,) = await store.papers.unmatched(10)
    assert one.paper.id == ON_ARXIV.id
    assert one.by_source[BLOG] == first.first == one.first
    assert one.by_source[ARXIV].at == NOON + timedelta(hours=2)


async def test_a_teaser_takes_nothing_from_what_arxiv_says(store: SqlStore) -> None:
    await listed(store, ON_ARXIV, source=ARXIV)
    await listed(store, IN_NATURE, source=NATURE)
    paper = await store.papers.paper(IN_NATURE.id)
    assert paper is not None
    assert (paper.id, paper.title, paper.abstract) == (ON_ARXIV.id, ON_ARXIV.title, ON_ARXIV.abstract)


async def test_items_of_two_feeds_with_one_doi_are_one_in_one_batch_or_two(store: SqlStore) -> None:
    in_blog = replace(IN_NATURE, id="feed:00000000000000000001", doi="", other_ids=(), sources=frozenset({BLOG}))
    await listed(store, in_blog, source=BLOG)
    await listed(store, replace(in_blog, doi=DOI), IN_NATURE, source=BLOG)
    assert await store.papers.count() == 1
    other = replace(IN_NATURE, id=id_of_doi("10.1038/other"), doi="10.1038/other", other_ids=())
    early = replace(other, id="feed:00000000000000000002", doi="", other_ids=())
    await listed(store, early, replace(other, other_ids=(early.id,)), source=NATURE)
    assert await store.papers.count() == 2


async def test_different_dois_are_different_papers_whatever_else_they_share(store: SqlStore) -> None:
    shared = "feed:00000000000000000003"
    papers = [replace(IN_NATURE, id=id_of_doi(doi), doi=doi, other_ids=(shared,)) for doi in ("10.1038/a", "10.1038/b")]
    await listed(store, *papers, source=NATURE)
    assert await store.papers.count() == 2
    versions = [replace(ON_ARXIV, id=one) for one in ("2604.00001", "2604.00002")]
    await listed(store, *versions, source=ARXIV)
    assert await store.papers.count() == 4


async def test_a_paper_that_is_found_by_its_doi_within_an_answer_and_then_on_arxiv_is_one(store: SqlStore) -> None:
    in_blog = replace(IN_NATURE, id="feed:00000000000000000004", doi="", other_ids=(), sources=frozenset({BLOG}))
    await listed(store, in_blog, source=BLOG)
    by_doi = replace(IN_NATURE, other_ids=())
    on_arxiv = replace(ON_ARXIV, other_ids=(by_doi.id,))
    await listed(store, by_doi, replace(by_doi, other_ids=(in_blog.id,)), on_arxiv, source=NATURE)
    assert await store.papers.count() == 1
    assert {one.id for one in (await store.papers.papers([in_blog.id, by_doi.id])).values()} == {ON_ARXIV.id}


@pytest.mark.parametrize("known_before", [True, False])
async def test_it_is_posted_once_in_a_channel_and_keeps_its_votes(core: Core, known_before: bool) -> None:
    """Also where arXiv's was listed, too, before anybody knew that it is the same, and waits for the next digest."""
    await core.say("subscribe agents")
    await listed(core.store, IN_NATURE, source=NATURE, now=core.clock.now())
    await core.say("now") if await core.engine.matching.match_new() else None
    await core.engine.deliver()
    assert core.platform.papers_in("general") == [IN_NATURE.id]
    channel = await core.channel()
    reader = Reader(PlatformName.WEB, "", "u1")
    await core.store.reading.vote(channel.id, IN_NATURE.id, "u2", Vote.UP, core.clock.now())
    await core.store.reading.save(reader, IN_NATURE.id, core.clock.now())
    if known_before:
        await listed(core.store, replace(ON_ARXIV, doi=""), source=ARXIV, now=core.clock.now())
        await core.engine.matching.match_new()
    await listed(core.store, ON_ARXIV, source=ARXIV, now=core.clock.now())
    await core.next_digest()
    assert core.platform.papers_in("general") == [IN_NATURE.id]
    (entry,) = await core.store.reading.saved(reader, limit=5)
    assert entry.paper.id == ON_ARXIV.id
    assert "It was posted here." in await core.say(f"why {IN_NATURE.id}")
    assert "👍 2" in await core.say(f"vote {IN_NATURE.id} up")
    assert (await core.index.search(parse("agents"), limit=5)).total == 1
    assert (await core.index.search(parse(f"doi:{DOI}"), limit=5)).total == 1
    (entry_posted,) = await core.store.digests.history(channel.id, 5)
    assert entry_posted.paper.id == ON_ARXIV.id
