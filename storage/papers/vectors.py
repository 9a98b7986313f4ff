"""Vectors of papers, by the version of the model that made them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.meaning.store import Coverage, VectorChange
from bot.meaning.vectors import Vector
from bot.papers.paper import Paper
from storage.database.counters import Counter, last_number, next_numbers
from storage.database.database import Database
from storage.database.statements import chunks, upsert
from storage.papers.listings import listed_after
from storage.tables.papers import COUNTERS, EMBEDDING_MODELS, PAPERS, VECTORS
from storage.tables.topics import SUBSCRIPTIONS


class SqlVectorStore:
    """Implements `bot.meaning.store.VectorStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._none_waits: tuple[str, tuple[int, ...]] | None = None

    async def waiting(self, model: str, limit: int) -> Sequence[str]:
        statement = (
            select(PAPERS.c.id)
            .where(~_has_vector(model))
            .order_by(
                PAPERS.c.listed_change.desc().nulls_last(),
                func.coalesce(PAPERS.c.featured_on, PAPERS.c.published_on).desc().nulls_last(),
                PAPERS.c.id.desc(),
            )
            .limit(limit)
        )
        changed = select(COUNTERS.c.value).where(COUNTERS.c.name.in_((Counter.CHANGE, Counter.VECTOR)))
        async with self._database.read() as connection:
            # To find none means to look at every paper: not again before anything has changed.
            changes = tuple(sorted((await connection.execute(changed)).scalars()))
            if self._none_waits == (model, changes):
                return []
            waiting = list((await connection.execute(statement)).scalars())
        self._none_waits = None if waiting else (model, changes)
        return waiting

    async def add(self, embedded: Sequence[tuple[Paper, Vector]]) -> int:
        kept = 0
        async with self._database.write(asked_for=False) as connection:
            for model in dict.fromkeys(vector.model for _, vector in embedded):
                vectors = {paper.id: (paper, vector) for paper, vector in embedded if vector.model == model}
                for some in chunks(sorted(vectors)):
                    kept += await _add(connection, model, [vectors[paper_id] for paper_id in some])
        return kept

    async def vectors(self, model: str, paper_ids: Sequence[str]) -> dict[str, Vector]:
        found: dict[str, Vector] = {}
        async with self._database.read() as connection:
            for some in chunks(paper_ids):
                rows = await connection.execute(
                    select(VECTORS.c.paper_id, VECTORS.c.numbers).where(
                        VECTORS.c.paper_id.in_(some), VECTORS.c.model_id == _id_of(model)
                    )
                )
                found.update((row.paper_id, Vector(model, row.numbers)) for row in rows)
        return found

    async def changed_vectors(self, model: str, after: int, limit: int) -> Sequence[VectorChange]:
        statement = (
            select(VECTORS.c.change, VECTORS.c.paper_id, VECTORS.c.numbers)
            .where(VECTORS.c.model_id == _id_of(model), VECTORS.c.change > after)
            .order_by(VECTORS.c.change)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return [VectorChange(row.change, row.paper_id, Vector(model, row.numbers)) for row in rows]

    async def last_change(self) -> int:
        async with self._database.read() as connection:
            return await last_number(connection, Counter.VECTOR)

    async def coverage(self, model: str, since: datetime | None = None) -> Coverage:
        papers = select(func.count()).select_from(PAPERS)
        if since is not None:
            embedded = papers.where(listed_after(since), _has_vector(model))
            papers = papers.where(listed_after(since))
        else:
            embedded = select(func.count()).select_from(VECTORS).where(VECTORS.c.model_id == _id_of(model))
        async with self._database.read() as connection:
            return Coverage(
                papers=int(await connection.scalar(papers) or 0), embedded=int(await connection.scalar(embedded) or 0)
            )

    async def current_model(self) -> str | None:
        async with self._database.read() as connection:
            name: str | None = await connection.scalar(
                select(EMBEDDING_MODELS.c.name).where(EMBEDDING_MODELS.c.is_current)
            )
            return name

    async def make_current(self, model: str) -> None:
        async with self._database.write(asked_for=False) as connection:
            await make_current(connection, model)

    async def forget_others(self, models: Sequence[str], limit: int) -> int:
        others = select(EMBEDDING_MODELS.c.id).where(EMBEDDING_MODELS.c.name.not_in(models))
        async with self._database.write(asked_for=False) as connection:
            old = (
                await connection.execute(
                    select(VECTORS.c.model_id, VECTORS.c.change).where(VECTORS.c.model_id.in_(others)).limit(limit)
                )
            ).all()
            for model_id in {row.model_id for row in old}:
                for some in chunks([row.change for row in old if row.model_id == model_id]):
                    await connection.execute(
                        delete(VECTORS).where(VECTORS.c.model_id == model_id, VECTORS.c.change.in_(some))
                    )
            if not old:
                await connection.execute(delete(EMBEDDING_MODELS).where(EMBEDDING_MODELS.c.name.not_in(models)))
            return len(old)


async def make_current(connection: AsyncConnection, model: str) -> None:
    """Topics go by this model from now on: part of the transaction that moves them to it."""
    await _add_model(connection, model)
    await connection.execute(update(EMBEDDING_MODELS).values(is_current=EMBEDDING_MODELS.c.name == model))


async def _add_model(connection: AsyncConnection, model: str) -> None:
    await connection.execute(upsert(connection, EMBEDDING_MODELS).values(name=model).on_conflict_do_nothing())


async def _add(connection: AsyncConnection, model: str, embedded: Sequence[tuple[Paper, Vector]]) -> int:
    """Adds vectors of one model, given in the order of their papers."""
    await _add_model(connection, model)
    change = await next_numbers(connection, Counter.VECTOR, len(embedded))
    # Locked in the order of ids, like everybody who locks several papers, so that no text changes meanwhile.
    texts = (
        select(PAPERS.c.id, PAPERS.c.title, PAPERS.c.abstract)
        .where(PAPERS.c.id.in_([paper.id for paper, _ in embedded]))
        .order_by(PAPERS.c.id)
        .with_for_update()
    )
    stored = {row.id: (row.title, row.abstract) for row in await connection.execute(texts)}
    rows = [
        {
            "paper_id": paper.id,
            "model_id": await connection.scalar(select(_id_of(model))),
            "numbers": vector.numbers,
            "change": number,
        }
        for number, (paper, vector) in enumerate(embedded, change)
        if stored.get(paper.id) == (paper.title, paper.abstract)
    ]
    if rows:
        vectors = upsert(connection, VECTORS)
        await connection.execute(
            vectors.on_conflict_do_update(
                index_elements=["paper_id", "model_id"],
                set_={"numbers": vectors.excluded.numbers, "change": vectors.excluded.change},
            ),
            rows,
        )
        await _match_again(connection, model, [str(row["paper_id"]) for row in rows])
    return len(rows)


async def match_undecided(connection: AsyncConnection, since: datetime) -> None:
    """Has papers matched once more that were listed since then, and that topics could not go by their meaning."""
    current = select(EMBEDDING_MODELS.c.id).where(EMBEDDING_MODELS.c.is_current).scalar_subquery()
    decided = exists().where(VECTORS.c.paper_id == PAPERS.c.id, VECTORS.c.model_id == current)
    undecided = select(PAPERS.c.id).where(listed_after(since), ~decided).order_by(PAPERS.c.id).with_for_update()
    await connection.execute(update(PAPERS).where(PAPERS.c.id.in_(undecided)).values(revision=PAPERS.c.revision + 1))


async def _match_again(connection: AsyncConnection, model: str, paper_ids: Sequence[str]) -> None:
    """Papers that topics go by their meaning waited for this. A topic that comes later is told of later papers only."""
    asked = exists().where(SUBSCRIPTIONS.c.embedding_model == model, SUBSCRIPTIONS.c.removed_at.is_(None))
    if await connection.scalar(select(asked)):
        await connection.execute(
            update(PAPERS)
            .where(PAPERS.c.id.in_(paper_ids), PAPERS.c.listed_change.is_not(None))
            .values(revision=PAPERS.c.revision + 1)
        )


def _id_of(model: str) -> ScalarSelect[int]:
    return select(EMBEDDING_MODELS.c.id).where(EMBEDDING_MODELS.c.name == model).scalar_subquery()


def _has_vector(model: str) -> ColumnElement[bool]:
    return (
        select(VECTORS.c.paper_id)
        .where(VECTORS.c.paper_id == PAPERS.c.id, VECTORS.c.model_id == _id_of(model))
        .exists()
    )
