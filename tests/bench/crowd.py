"""A busy installation: 100,000 papers, and 10,000 channels on three platforms, with topics, digests, votes and lists.

Everything is the same each time, so that what is measured in it can be compared.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Table, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app.assembly import composer_of
from bot.channels.channel import ChannelState, PlatformName, Style
from bot.digests.content import POST_CONTENT_JSON, DigestPart
from bot.digests.digest import DeliveryState, DigestKind
from bot.messages.message import MESSAGE_JSON
from bot.papers.names import Name
from bot.papers.paper import Paper
from bot.people.account import LOCAL_PERSON
from bot.people.audit import Outcome, Via
from bot.posting.post import LookUps, Post, PostState
from bot.reading.votes import Vote
from bot.search.questions import STOP_WORDS
from bot.text.words import words
from storage.database.counters import Counter, next_numbers
from storage.store import SqlStore
from storage.tables.channels import CHANNELS, WORKSPACES
from storage.tables.people import AUDIT_LINES
from storage.tables.posts import DELIVERIES, DELIVERY_TOPICS, DIGESTS, POSTS, WEB_MESSAGES
from storage.tables.reading import SAVED_PAPERS, VOTES
from storage.tables.topics import SUBSCRIPTIONS

#: Workspaces of each platform, and the channels of each of them: 10,000 in all.
WORKSPACES_OF: Final = {PlatformName.WEB: (1, 4_000), PlatformName.SLACK: (30, 100), PlatformName.DISCORD: (300, 10)}
TOPICS: Final = 3  # of each channel
DIGESTS_OF: Final = 5  # of each channel
SHOWN: Final = 3  # papers of a digest
#: The channels with very many messages, and how many these are.
BUSY: Final = {"c-00500": 5_000, "c-06999": 5_000}
SAVED: Final = 400  # papers of the one person of the workspace
CHANGES: Final = 5_000  # lines of the record of changes
#: A paper by very many people.
CROWDED_PAPER: Final = "2604.99999"
AUTHORS: Final = 400
_AT_ONCE: Final = 2_000

T = TypeVar("T")


async def fill(store: SqlStore, papers: Sequence[Paper], now: datetime) -> None:
    """Writes it into an empty store; the papers stand in the digests, too."""
    many = replace(papers[0], id=CROWDED_PAPER, authors=tuple(Name(f"Ada {_letters(n)}") for n in range(AUTHORS)))
    for some in _batches([*papers, many]):
        await store.papers.import_papers(some)
    chance = random.Random(20260424)
    async with store.database.write() as connection:
        places = await _channels(connection, now)
        first = await next_numbers(connection, Counter.CHANGE, TOPICS * len(places))
        await _insert(connection, SUBSCRIPTIONS, _topics(papers, places, first, now, chance))
    await _posted(store, papers, places, now, chance)
    async with store.database.write() as connection:
        await _insert(connection, VOTES, _votes(papers, places, now))
        await _insert(connection, SAVED_PAPERS, _saved(papers, now))
        await _insert(connection, AUDIT_LINES, _changes(now))


async def _insert(connection: AsyncConnection, table: Table, rows: Iterator[Mapping[str, Any]]) -> None:
    for some in _batches(rows):
        await connection.execute(insert(table), some)


async def _channels(connection: AsyncConnection, now: datetime) -> list[tuple[int, str]]:
    """Writes the channels; returns the id of each and what it is called."""
    kept = [
        {"platform": platform, "external_id": name, "name": name.capitalize()}
        for platform, (count, _) in WORKSPACES_OF.items()
        for name in (["local"] if platform is PlatformName.WEB else [f"{platform}-{n}" for n in range(count)])
    ]
    await connection.execute(insert(WORKSPACES), kept)
    known = (await connection.execute(select(WORKSPACES).order_by(WORKSPACES.c.id))).all()
    places = [row.id for row in known for _ in range(WORKSPACES_OF[PlatformName(row.platform)][1])]
    rows = (
        {
            "workspace_id": workspace,
            "external_id": f"c-{number:05}",
            "name": f"c-{number:05}",
            "time_zone": "UTC",
            "schedule": "daily 09:00",
            "settings": {},
            "state": ChannelState.ACTIVE,
            "reason": "",
            "next_digest_at": now + timedelta(hours=1 + number % 24),
            "last_number": TOPICS,
        }
        for number, workspace in enumerate(places)
    )
    await _insert(connection, CHANNELS, rows)
    found = await connection.execute(select(CHANNELS.c.id, CHANNELS.c.external_id).order_by(CHANNELS.c.id))
    return [(row.id, row.external_id) for row in found]


def _topics(
    papers: Sequence[Paper], places: Sequence[tuple[int, str]], first: int, now: datetime, chance: random.Random
) -> Iterator[dict[str, Any]]:
    for at, (channel, _) in enumerate(places):
        for number in range(1, TOPICS + 1):
            change = first + at * TOPICS + number - 1
            title = [word for word in words(chance.choice(papers).title) if word not in STOP_WORDS and word.isascii()]
            yield {
                "channel_id": channel,
                "number": number,
                "name": "",
                "query": " ".join(title[:2]) or "diffusion",
                "instant": False,
                "since": change,
                "change": change,
                "created_by": LOCAL_PERSON,
                "created_at": now - timedelta(days=30),
            }


async def _posted(
    store: SqlStore, papers: Sequence[Paper], places: Sequence[tuple[int, str]], now: datetime, chance: random.Random
) -> None:
    """Writes what was posted: digests, and for the channels of the web what stands in their log."""
    async with store.database.read() as connection:
        topics = select(SUBSCRIPTIONS.c.channel_id, SUBSCRIPTIONS.c.id).where(SUBSCRIPTIONS.c.number == 1)
        topic_of = {row.channel_id: row.id for row in await connection.execute(topics)}
    ours = {channel for channel, _ in places[: WORKSPACES_OF[PlatformName.WEB][1]]}
    digests: list[dict[str, Any]] = []
    posts: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    named: list[dict[str, Any]] = []
    for channel, name in places:
        count = BUSY.get(name, DIGESTS_OF)
        chosen = chance.sample(range(len(papers)), count * SHOWN)
        for at in range(count):
            digest, posted_at = len(digests) + 1, now - timedelta(minutes=10 * (count - at))
            shown = [papers[one].id for one in chosen[at * SHOWN : (at + 1) * SHOWN]]
            digests.append(
                {
                    "id": digest,
                    "channel_id": channel,
                    "kind": DigestKind.SCHEDULED,
                    "day": posted_at.date(),
                    "style": Style.CARDS,
                    "topics": ["diffusion"],
                    "total": SHOWN,
                    "shown": SHOWN,
                    "planned_at": posted_at,
                }
            )
            content = DigestPart(paper_ids=tuple(shown), first=1, part=1, parts=1)
            posts.append(
                {
                    "id": digest,
                    "channel_id": channel,
                    "digest_id": digest,
                    "content": POST_CONTENT_JSON.dump_python(content, mode="json"),
                    "key": f"crowd-{digest}",
                    "state": PostState.SENT,
                    "due_at": posted_at,
                    "lease": "",
                    "attempts": 1,
                    "look_ups": 0,
                    "remote_id": str(digest),
                    "error": "",
                    "created_at": posted_at,
                    "sent_at": posted_at,
                }
            )
            for position, paper in enumerate(shown):
                deliveries.append(
                    {
                        "id": len(deliveries) + 1,
                        "channel_id": channel,
                        "paper_id": paper,
                        "state": DeliveryState.POSTED,
                        "instant": False,
                        "queued_at": posted_at,
                        "digest_id": digest,
                        "position": position,
                        "post_id": digest,
                        "posted_at": posted_at,
                    }
                )
                named.append({"delivery_id": len(deliveries), "subscription_id": topic_of[channel]})
    async with store.database.write() as connection:
        for table, rows in ((DIGESTS, digests), (POSTS, posts), (DELIVERIES, deliveries), (DELIVERY_TOPICS, named)):
            await _insert(connection, table, iter(rows))
        if connection.dialect.name == "postgresql":
            for table in (DIGESTS, POSTS, DELIVERIES):
                numbers = f"pg_get_serial_sequence('{table.name}', 'id')"
                await connection.execute(text(f"SELECT setval({numbers}, (SELECT max(id) FROM {table.name}))"))
    composer = composer_of(store)
    for some in _batches(post for post in posts if post["channel_id"] in ours):
        composed = await composer.compose([_post(row) for row in some])
        async with store.database.write() as connection:
            await next_numbers(connection, Counter.WEB_MESSAGE, len(some))
            logged = (
                {
                    "id": row["id"],
                    "channel": composed[row["id"]][0].address.channel,
                    "key": row["key"],
                    "message": MESSAGE_JSON.dump_python(composed[row["id"]][1].message, mode="json"),
                    "posted_at": row["sent_at"],
                }
                for row in some
            )
            await _insert(connection, WEB_MESSAGES, logged)


def _post(row: Mapping[str, Any]) -> Post:
    return Post(
        id=row["id"],
        channel_id=row["channel_id"],
        digest_id=row["digest_id"],
        content=POST_CONTENT_JSON.validate_python(row["content"]),
        key=row["key"],
        due_at=row["due_at"],
        lease="",
        attempts=1,
        tried_for=timedelta(),
        look_ups=LookUps(),
        first_attempt_at=None,
        attempt_at=None,
        parent_remote_id=None,
    )


def _votes(papers: Sequence[Paper], places: Sequence[tuple[int, str]], now: datetime) -> Iterator[dict[str, Any]]:
    for at, (channel, _) in enumerate(places):
        for number in range(5):
            yield {
                "channel_id": channel,
                "paper_id": papers[(at + number * 977) % len(papers)].id,
                "person": f"u{number}",
                "vote": Vote.UP if number % 3 else Vote.DOWN,
                "voted_at": now - timedelta(hours=number),
            }


def _saved(papers: Sequence[Paper], now: datetime) -> Iterator[dict[str, Any]]:
    for number, paper in enumerate(papers[:SAVED]):
        yield {
            "platform": PlatformName.WEB,
            "workspace": "local",
            "person": LOCAL_PERSON,
            "paper_id": paper.id,
            "saved_at": now - timedelta(hours=number),
        }


def _changes(now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(CHANGES):
        yield {
            "at": now - timedelta(minutes=CHANGES - number),
            "via": Via.WEB,
            "person": LOCAL_PERSON,
            "name": "Ada",
            "platform": PlatformName.WEB,
            "workspace": "local",
            "channel": f"c-{number % 4_000:05}",
            "channel_name": f"c-{number % 4_000:05}",
            "line": "subscribe diffusion",
            "outcome": Outcome.DONE,
        }


def _batches(them: Iterable[T]) -> Iterator[list[T]]:
    source = iter(them)
    while some := list(islice(source, _AT_ONCE)):
        yield some


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(3)).capitalize()
