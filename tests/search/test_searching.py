"""What a search answers: which papers, in which order, and what is shown of them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from bot.messages.message import Span
from bot.papers.paper import Paper
from bot.papers.sources import HUGGINGFACE
from storage.search.index import TantivyIndex
from tests.papers.names import names
from tests.search.conftest import Ask, ids, numbered
from tests.search.feeds import MemoryFeed

WANTED = Paper(
    id="2604.13035",
    title="Schrödinger Bridges for Fine-Tuning GPT-4 Agents",
    abstract="We distil a mixture of experts, which quantizes badly.",
    authors=names("Yann LeCun", "Geoffrey E. Hinton"),
    categories=("cs.CL", "stat.ML"),
    keywords=("optimal transport", "language model"),
    summary="Nothing of this is searched: unicorn.",
    published_on=date(2026, 4, 20),
    featured_on=date(2026, 4, 24),
    sources=frozenset({HUGGINGFACE}),
    upvotes=20,
    comments=5,
    stars=100,
    models=1,
    submitter="AK Haliq",
    organization="nvidia",
    organization_name="NVIDIA Research",
    code_url="https://github.com/example/example",
)
OTHER = Paper(id="astro-ph/0601001", title="Neutron stars", categories=("astro-ph",))


@pytest.mark.parametrize(
    "text",
    [
        "schrodinger agent",
        '"bridge for fine tuning"',
        "gpt-4",
        "distill expert",
        '"optimal transport"',
        "unicorn OR bridge",
        "bridge -survey -(neutron OR star)",
        "quant*",
        "title:agents",
        "title:fine*",
        "abstract:mixture",
        'abstract:"mixture of experts"',
        "author:hinton",
        'author:"yann lecun"',
        "cat:cs.CL",
        "cat:STAT.ml",
        "cat:cs.*",
        "org:nvidia",
        'org:"nvidia research"',
        'submitter:"ak haliq"',
        "source:huggingface",
        "upvotes:>=20",
        "upvotes:=20",
        "stars:>99",
        "comments:<=5 comments:4..6",
        "after:2026-04-24",
        "before:2026-04-25 date:2026-04",
        "date:2026-04-24",
        "has:code",
        "has:model",
        "id:2604.13035",
        "* -id:astro-ph/0601001",
    ],
)
async def test_it_is_found(text: str, feed: MemoryFeed, ask: Ask) -> None:
    feed.put(OTHER, WANTED)
    assert ids(await ask(text)) == [WANTED.id]


@pytest.mark.parametrize(
    "text",
    [
        "unicorn",
        "bridge survey",
        '"bridges fine"',
        '"agents we distil"',  # from the title into the abstract
        '"transport language"',  # from a keyword into the next
        "bridge -gpt",
        "quantum*",
        "title:mixture",
        "abstract:bridge",
        "author:hintons",
        'author:"lecun geoffrey"',  # from one author to the next
        "cat:cs.CV",
        "cat:math.*",
        "org:research -org:nvidia",
        "submitter:haliq",
        "source:arxiv",
        "upvotes:>20",
        "stars:<100",
        "comments:6..9",
        "after:2026-04-25",
        "before:2026-04-24",
        "date:2026-04-20",  # published, but featured on another day
        "has:project",
        "id:2604.13036",
        "-*  neutron",
    ],
)
async def test_it_is_not_found(text: str, feed: MemoryFeed, ask: Ask) -> None:
    feed.put(WANTED)
    page = await ask(text)
    assert (page.total, page.hits) == (0, ())


async def test_old_papers_are_in_their_archive(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(OTHER, WANTED)
    assert ids(await ask("cat:astro-ph.*")) == ids(await ask("cat:astro-ph")) == [OTHER.id]


async def test_a_word_in_the_title_counts_most_then_in_the_keywords(feed: MemoryFeed, ask: Ask) -> None:
    filler = "Something about nothing in particular and everything else"
    feed.put(
        numbered(3, filler, abstract=f"Diffusion. {filler}"),
        numbered(1, f"Diffusion {filler}", abstract=filler),
        numbered(2, filler, abstract=filler, keywords=("diffusion",)),
        numbered(4, filler, abstract=filler),
    )
    assert ids(await ask("diffusion")) == ["2604.00001", "2604.00002", "2604.00003"]


async def test_beginnings_of_words_count_more_in_the_title(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(numbered(1, "Quantized"), numbered(2, "Else", abstract="Quantum"), numbered(3, "Else", keywords=("qua",)))
    assert ids(await ask("qua*")) == ["2604.00001", "2604.00003", "2604.00002"]


async def test_votes_and_youth_count_a_little(feed: MemoryFeed, ask: Ask) -> None:
    old, young = date(2020, 1, 1), date(2026, 1, 1)
    feed.put(
        numbered(4, "Diffusion", published_on=old),
        numbered(2, "Diffusion", published_on=young),
        numbered(3, "Diffusion", published_on=old, upvotes=3),
        numbered(1, "Diffusion", published_on=young, upvotes=100),
        numbered(5, "Diffusion and other things", published_on=young, upvotes=10_000),
        numbered(6, "Nothing", abstract=f"Diffusion {'and other things' * 20}", published_on=young, upvotes=10_000),
    )
    found = ids(await ask("diffusion", limit=6))
    assert [paper for paper in found if paper < "2604.00005"] == [
        "2604.00001",
        "2604.00002",
        "2604.00003",
        "2604.00004",
    ]
    assert found[-1] == "2604.00006"  # never more than a little


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("diffusion sort:new", [3, 2, 4, 1]),
        ("diffusion sort:top", [1, 4, 3, 2]),
        ("*", [3, 2, 4, 1]),
        ("upvotes:>=0", [3, 2, 4, 1]),
    ],
)
async def test_results_in_order_of_time_or_votes(text: str, expected: list[int], feed: MemoryFeed, ask: Ask) -> None:
    feed.put(
        numbered(1, "Diffusion", upvotes=100),
        numbered(2, "Diffusion", published_on=date(2026, 1, 1), upvotes=9),
        numbered(3, "A diffusion of a kind", published_on=date(2026, 1, 1), upvotes=9),
        numbered(4, "Diffusion", published_on=date(2020, 1, 1), featured_on=date(2025, 12, 31), upvotes=10),
    )
    page = await ask(text)
    assert ids(page) == [f"2604.{number:05d}" for number in expected]
    assert {hit.score for hit in page.hits} == {0}


@pytest.mark.parametrize("text", ["diffusion", "diffusion sort:new", "diff*", "*", "diffusion sort:top"])
async def test_equals_are_ordered_by_id_on_every_page(text: str, feed: MemoryFeed, ask: Ask) -> None:
    # In several commits and thus files, in an order that is not theirs.
    for start in (0, 1, 2):
        feed.put(*(numbered(number, "Diffusion") for number in range(start, 60, 3)))
        await ask("*")
    expected = [f"2604.{number:05d}" for number in reversed(range(60))]
    assert ids(await ask(text, limit=100)) == expected
    for size in (1, 7, 59):
        pages = [await ask(text, limit=size, offset=offset) for offset in range(0, 60, size)]
        assert [paper for page in pages for paper in ids(page)] == expected
        assert {page.total for page in pages} == {60}


async def test_pages_have_no_duplicates_and_leave_nothing_out(feed: MemoryFeed, ask: Ask) -> None:
    day = date(2026, 1, 1)
    feed.put(
        *(
            numbered(
                number, "Diffusion " * (number % 4 + 1), upvotes=number % 5, published_on=day + timedelta(number % 3)
            )
            for number in range(200)
        )
    )
    pages = [await ask("diffusion", limit=13, offset=offset) for offset in range(0, 200, 13)]
    found = [hit for page in pages for hit in page.hits]
    assert len({hit.paper_id for hit in found}) == len(found) == 200
    assert all((one.score, one.paper_id) > (next_one.score, next_one.paper_id) for one, next_one in pairwise(found))


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (10, 5), (10, 10**18), (0, 10**18)])
async def test_pages_without_results_still_count(limit: int, offset: int, feed: MemoryFeed, ask: Ask) -> None:
    feed.put(*(numbered(number, "Diffusion") for number in range(5)))
    for text in ("diffusion", "*"):
        page = await ask(text, limit=limit, offset=offset)
        assert (page.total, page.hits) == (5, ())
    assert len((await ask("*", limit=10**18)).hits) == 5


async def test_an_empty_index_finds_nothing(ask: Ask, index: TantivyIndex) -> None:
    for text in ("diffusion models", "*", "quant* sort:new"):
        page = await ask(text)
        assert (page.total, page.hits, page.related) == (0, (), ())
    assert await index.similar(WANTED, limit=5) == ()


# --- Snippets ---------------------------------------------------------------------------------------------------------


async def test_a_snippet_shows_the_words_in_bold(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(
        numbered(1, "A title", abstract="Über E = mc²:\nthe <b>naïve</b> Agents & @channel [x](http://x) quarrel.")
    )
    (hit,) = (await ask("naive agent -unicorn title:title the")).hits
    assert hit.snippet == (
        Span("Über E = mc²: the <b>"),
        Span("naïve", bold=True),
        Span("</b> "),
        Span("Agents", bold=True),
        Span(" & @channel [x](http://x) quarrel."),
    )


async def test_a_snippet_is_the_part_with_the_words(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(numbered(1, abstract="Nothing to see here. " * 50 + "Diffusion of agents. " + "Nor here, or there. " * 50))
    (hit,) = (await ask("diffusion agents")).hits
    assert {span.text for span in hit.snippet if span.bold} == {"Diffusion", "agents"}
    assert sum(len(span.text) for span in hit.snippet) <= 200


async def test_words_that_start_as_asked_are_bold(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(
        numbered(1, "One", abstract="The universe has no Universities, but Quantum or quantizing agents — and Quänt."),
        numbered(2, "Two", abstract="Neither, but it has agents that are quantified."),
    )
    for text, bold in {
        "quant*": {"Quantum", "quantizing", "Quänt", "quantified"},
        "quantiz* OR agent": {"quantizing", "agents"},
        "universi* OR abstract:quantif*": {"Universities", "quantified"},  # *universe* has the stem, not the beginning
        "quant* -quantif*": {"Quantum", "quantizing", "Quänt"},
        "abstract:qua* the": {"Quantum", "quantizing", "Quänt"},
    }.items():
        hits = (await ask(text)).hits
        assert {span.text for hit in hits for span in hit.snippet if span.bold} == bold, text
        assert "".join(span.text for span in hits[-1].snippet).strip()


@pytest.mark.parametrize("text", ["title:diffusion", "diffusion", "id:2604.00001", "*", "agent*"])
async def test_without_the_words_in_the_abstract_there_is_no_snippet(text: str, feed: MemoryFeed, ask: Ask) -> None:
    feed.put(numbered(1, "Diffusion agents", abstract="Something else"))
    (hit,) = (await ask(text)).hits
    assert hit.snippet == ()


# --- Related papers ---------------------------------------------------------------------------------------------------


async def test_papers_with_some_of_the_words_are_related(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(
        numbered(1, "Heat conduction in composite slabs", abstract="With solved problems"),
        numbered(2, "Slabs of ice"),
        numbered(3, "What have problems been so far?"),
        numbered(4, "The unrelated"),
    )
    page = await ask("what problems of heat conduction in composite slabs have been solved so far")
    assert (page.total, page.hits) == (0, ())
    assert [hit.paper_id for hit in page.related] == ["2604.00001", "2604.00003", "2604.00002"]
    assert page.related[0].snippet[1:2] == (Span("solved", bold=True),)


async def test_words_side_by_side_make_a_paper_more_related(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(
        numbered(2, abstract="Models of the world and of its language are what we look at"),
        numbered(1, abstract="World views of the language, and what its models look like"),
        numbered(3, abstract="World models of the language and all of what we look at"),
    )
    assert (await ask("world models for zebras")).related[0].paper_id == "2604.00003"


async def test_related_papers_do_not_match_and_do_not_count(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(numbered(1, "Diffusion agents"), numbered(2, "Diffusion"), numbered(3, "Agents"))
    page = await ask("agents diffusion")
    assert (page.total, ids(page)) == (1, ["2604.00001"])
    assert {hit.paper_id for hit in page.related} == {"2604.00002", "2604.00003"}


async def test_related_papers_meet_the_other_conditions(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(
        numbered(1, "Diffusion", categories=("cs.CL",), upvotes=5),
        numbered(2, "Diffusion", categories=("cs.CV",), upvotes=5),
        numbered(3, "Diffusion", categories=("cs.CL",), upvotes=4),
        numbered(4, "Diffusion survey", categories=("cs.CL",), upvotes=5),
    )
    page = await ask("diffusion agents cat:cs.CL upvotes:>=5 -survey")
    assert [hit.paper_id for hit in page.related] == ["2604.00001"]


async def test_words_keep_their_field_among_related_papers(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(numbered(1, "Diffusion"), numbered(2, "Else", abstract="Diffusion"), numbered(3, "Agents"))
    page = await ask("title:diffusion title:agents")
    assert {hit.paper_id for hit in page.related} == {"2604.00001", "2604.00003"}


async def test_the_words_of_a_phrase_are_related(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(numbered(1, "Experts of a mixture"), numbered(2, "Of all kinds"))
    assert [hit.paper_id for hit in (await ask('"mixture of experts"')).related] == ["2604.00001"]


@pytest.mark.parametrize("text", ["agents", "cat:cs.CL author:hinton", "author:diffusion -diffusion *", "the agents"])
async def test_without_two_words_nothing_is_related(text: str, feed: MemoryFeed, ask: Ask) -> None:
    feed.put(numbered(1, "Diffusion", categories=("cs.CL",)), numbered(2, "The end"))
    assert (await ask(text)).related == ()


async def test_related_papers_fill_up_what_is_missing_to_ten(feed: MemoryFeed, ask: Ask) -> None:
    feed.put(*(numbered(number, "Diffusion") for number in range(20, 40)))
    assert len((await ask("diffusion agents")).related) == 10
    assert len((await ask("diffusion agents", limit=3)).related) == 3
    feed.put(*(numbered(number, "Diffusion agents") for number in range(8)))
    assert len((await ask("diffusion agents", limit=3)).related) == 2
    assert (await ask("diffusion agents", limit=3, offset=3)).related == ()
    feed.put(numbered(8, "Diffusion agents"), numbered(9, "Diffusion agents"))
    assert (await ask("diffusion agents")).related == ()


# --- Papers like another ----------------------------------------------------------------------------------------------


async def test_similar_papers_have_the_telling_words(feed: MemoryFeed, index: TantivyIndex) -> None:
    like = numbered(1, "Schrödinger bridges for generative agents", abstract="Optimal transport of agents.")
    feed.put(
        like,
        numbered(2, "Optimal transport", abstract="With Schrödinger bridges."),
        numbered(3, "The agents", keywords=("optimal",)),
        numbered(4, "With the and of for", abstract="And the with of."),
        numbered(5, "Neutron stars"),
    )
    assert [hit.paper_id for hit in await index.similar(like, limit=5)] == ["2604.00002", "2604.00003"]
    assert [hit.paper_id for hit in await index.similar(like, limit=1)] == ["2604.00002"]


async def test_similar_papers_are_found_in_an_index_whose_papers_changed(feed: MemoryFeed, index: TantivyIndex) -> None:
    for upvotes in range(6):
        feed.put(*(numbered(number, "Schrödinger bridges", upvotes=upvotes) for number in range(20)))
        await index.refresh()
        assert len(await index.similar(numbered(1, "Schrödinger bridges"), limit=50)) == 19


async def test_papers_are_similar_to_one_that_is_not_known(feed: MemoryFeed, index: TantivyIndex) -> None:
    feed.put(numbered(1, "Schrödinger bridges"), numbered(2, "A Schrödinger bridge"), numbered(3, "Else"))
    found = await index.similar(numbered(9, "Bridges of Schrödinger"), limit=5)
    assert {hit.paper_id for hit in found} == {"2604.00001", "2604.00002"}
    assert await index.similar(numbered(9), limit=5) == ()
