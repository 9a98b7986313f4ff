"""The workspace among 100,000 papers and 10,000 channels: what each page costs, and what the editor shows as one types.

Processor time, of all threads, so that others on the machine do not count; without a network in between.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bot.papers.paper import Paper
from storage.store import SqlStore
from tests.adapters.web.core_workspace import DATABASE, core_app
from tests.bench import Row, Times
from tests.bench.crowd import BUSY, CROWDED_PAPER, fill
from tests.clocks import NOON
from tests.databases import sqlite_in
from tests.search.feeds import RECORDS, arxiv_papers

PAPERS = 100_000
REPEATED = 10
EXAMPLES = 20  # papers that are asked for by example
WANTED, WANTED_WHILE_TYPING = 100.0, 150.0  # milliseconds, p95
OF_WEB, OF_SLACK = BUSY
SLACK_KEY = f"slack:slack-29:{OF_SLACK}"


def rows() -> Iterator[Row]:
    """The rows of this section; none where the recorded papers are not beside the project."""
    if RECORDS.exists():
        yield from asyncio.run(_measured())


async def _measured() -> list[Row]:
    papers = list(arxiv_papers(PAPERS))
    with TemporaryDirectory() as folder:
        store = SqlStore(sqlite_in(Path(folder) / DATABASE))
        await fill(store, papers, NOON)
        await store.close()
        async with core_app(Path(folder)) as (app, _, core):
            await core.index.refresh()
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
                return [row async for row in _rows(client, papers[:EXAMPLES])]


async def _rows(client: httpx.AsyncClient, examples: Sequence[Paper]) -> AsyncIterator[Row]:
    """A row for each kind of page, and for each kind of draft."""
    ids = [paper.id for paper in examples]
    for what, path in pages(ids).items():
        times, size = await _times(client, [path])
        yield Row(what=f"{what}, {size / 1000:,.0f} kB: p95", ours=times.p95, rival="wanted", theirs=WANTED)
    for kind, queries in drafts(ids).items():
        asked = [f"/c/{OF_WEB}/topics/preview?query={query}" for query in queries]
        times, _ = await _times(client, asked)
        yield Row(what=f"the editor, {kind}: p95", ours=times.p95, rival="wanted", theirs=WANTED_WHILE_TYPING)


def pages(ids: Sequence[str]) -> Mapping[str, str]:
    """A page or a part of one of each kind, by what it is; `ids` are those of some papers."""
    return {
        "channel with 5,000 messages": f"/c/{OF_WEB}",
        "… of Slack": f"/c/{SLACK_KEY}",
        "… earlier messages": f"/c/{OF_WEB}/messages",
        "… messages that came": f"/c/{SLACK_KEY}/newer?after=1",
        **{f"panel {name}": f"/c/{OF_WEB}/panel/{name}" for name in ("topics", "settings", "saved", "health")},
        "list of channels": f"/channels?current={OF_WEB}",
        "channels that are called so": "/channels?channels-named=c-0999",
        "more channels": "/channels/more?channels-of=discord&channels-behind=9000",
        "switcher, a channel": "/switch?find=c-09",
        "switcher, a paper": f"/switch?find={ids[0][:7]}",
        "search, nothing yet": "/search",
        "search, a word": "/search?q=diffusion",
        "search, a common word": "/search?q=model",
        "search, a question": "/search?q=how+do+language+models+reason+about+time",
        "search, misspelt": "/search?q=difusion+modles",
        "search, a beginning": "/search?q=quant*",
        "search, by example": f"/search?q=like:{ids[3]}",
        "search, page 5": "/search?q=learning&page=5",
        "search, as one types": "/search/results?q=diffusion+mod",
        "paper": f"/paper/{ids[2]}",
        "paper by 400 people": f"/paper/{CROWDED_PAPER}",
        "archive, a day": "/archive/2026-04-20",
        "health": "/health",
        "people and changes": "/people",
        "account": "/account",
        "beginning": "/welcome",
        "editor": f"/c/{OF_WEB}/topics/new",
        "API: channels": "/api/v1/channels",
        "API: health": "/api/v1/health",
        "readiness": "/readyz",
    }


def drafts(ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """What people write into the editor, by its kind."""
    chance = random.Random(150)
    return {
        "a letter": list("abdmqrstx"),
        "half a word": ["diff", "reinf", "lang", "trans", "quan", "gene", "robo", "atte", "visi", "opti"],
        "words": ["diffusion", "reinforcement learning", "graph neural", "quantum error", "protein folding"],
        "common words": ["model", "learning", "data", "network", "*", "cat:cs.*"],
        "beginnings": ["quant*", "trans*", "lea*", "mod*", "neur*", "gen*"],
        "exclusions": ["diffusion -survey", '"language model" -video', "learning -(survey OR review)"],
        "long lists": [
            'llm OR "language model" OR agent OR reasoning OR alignment',
            "robot OR vision OR speech OR protein OR quantum OR graph OR diffusion OR learning OR model OR network",
            "(diffusion OR flow) (image OR video) -survey",
        ],
        "sentences": [
            "how can language models learn to reason about physical space",
            "papers on making diffusion models faster",
            "methods that detect when a model is uncertain",
        ],
        "misspelt": ["difusion", "transfromer", "langage modle", "reinforcment lerning", "quantm eror"],
        "by example": [f"like:{paper}" for paper in ids],
        "by several examples": [f"like:({' '.join(chance.sample(ids, 3))})~5/day" for _ in range(EXAMPLES)],
        "categories, authors, numbers": ["cat:cs.CL", "cat:stat.ML learning", "author:wang", "upvotes:>=20 learning"],
    }


async def _times(client: httpx.AsyncClient, paths: Sequence[str]) -> tuple[Times, int]:
    """The processor time of each request, in turn, after a first one, and the size of the last answer."""
    spent, size = [], 0
    for number in range(-1, max(REPEATED, len(paths))):
        began = time.process_time()
        answer = await client.get(paths[number % len(paths)])
        taken = time.process_time() - began
        assert answer.status_code == 200, f"{paths[number % len(paths)]}: {answer.text}"
        size = len(answer.content)
        if number >= 0:
            spent.append(taken)
    return Times.of(spent), size
