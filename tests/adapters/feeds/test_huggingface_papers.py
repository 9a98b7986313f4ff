"""Asking Hugging Face about papers: searching, and the latest about each."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.feeds.http import FeedClient
from adapters.feeds.huggingface.daily_papers import LARGEST_COUNT
from adapters.feeds.huggingface.lookup import HuggingFacePapers
from adapters.feeds.huggingface.source import HuggingFace
from bot.errors import SourceError
from bot.papers.sources import HUGGINGFACE
from tests.feed_server import FeedServer, Request, ScriptedFeed, http_answer, needs_recordings


def details(paper_id: str, **more: object) -> dict[str, object]:
    return {
        "id": paper_id,
        "title": "Fast Diffusion",
        "upvotes": 12,
        "numTotalModels": 3,
        "numTotalDatasets": 1,
        "numTotalSpaces": 10**12,
        **more,
    }


@needs_recordings
@pytest.mark.shared
async def test_the_recorded_site_is_asked_for_details(client: FeedClient, feed_server: FeedServer) -> None:
    source = HuggingFace(feed_server.url, client=client)
    ids = [listing.paper.id for listing in (await source.read_day(date(2026, 4, 15))).listings][:6]
    latest = await HuggingFacePapers(feed_server.url, client=client).lookup([*ids, "9901.00001"])
    assert [paper.id for paper in latest] == ids
    assert all(paper.title for paper in latest)


async def test_a_search_gives_papers_that_no_list_featured(client: FeedClient) -> None:
    entry = {"paper": details("2605.00001"), "title": "Fast Diffusion", "numComments": 4}
    with ScriptedFeed(http_answer([entry, {"paper": {}}, entry | {"paper": details("2605.00002")}])) as feed:
        found = await HuggingFacePapers(feed.url, client=client).search("fast diffusion", 5)
        assert [paper.id for paper in found] == ["2605.00001", "2605.00002"]
        assert all(paper.sources == {HUGGINGFACE} and paper.featured_on is None for paper in found)
        assert feed.requests[0].query == {"q": "fast diffusion", "limit": "5"}


async def test_details_have_votes_and_models(client: FeedClient) -> None:
    with ScriptedFeed(http_answer(details("2605.00001"))) as feed:
        (paper,) = await HuggingFacePapers(feed.url, client=client, token="hf_x").lookup(["2605.00001"])
        assert (paper.upvotes, paper.models, paper.datasets, paper.spaces) == (12, 3, 1, LARGEST_COUNT)
        assert feed.requests[0].path == "/api/papers/2605.00001"
        assert feed.requests[0].headers["authorization"] == "Bearer hf_x"


@pytest.mark.parametrize(
    "answer",
    [[], "no", 3, None, {"id": 26}, {"id": "2605.00001"}, details("2605.99999"), {"error": "x"}, []],
    ids=repr,
)
async def test_odd_details_are_no_paper(client: FeedClient, answer: object) -> None:
    with ScriptedFeed(http_answer(answer)) as feed:
        lookup = HuggingFacePapers(feed.url, client=client)
        try:
            assert await lookup.lookup(["2605.00001"]) == []
        except SourceError as error:
            assert "no paper" in str(error)


async def test_one_paper_that_fails_does_not_cost_the_others(client: FeedClient) -> None:
    def script(request: Request) -> bytes:
        paper_id = request.path.rsplit("/", 1)[1]
        return http_answer(details(paper_id)) if paper_id == "2605.00002" else http_answer(b"<html>", status=418)

    with ScriptedFeed(script) as feed:
        lookup = HuggingFacePapers(feed.url, client=client)
        assert [paper.id for paper in await lookup.lookup(["2605.00001", "2605.00002"])] == ["2605.00002"]
        with pytest.raises(SourceError, match="418"):
            await lookup.lookup(["2605.00001"])


async def test_a_search_that_is_no_list_is_refused(client: FeedClient) -> None:
    with ScriptedFeed(http_answer({"error": "x"})) as feed, pytest.raises(SourceError, match="no list"):
        await HuggingFacePapers(feed.url, client=client).search("x", 5)
