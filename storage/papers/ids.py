"""What papers are known as, and which of them turn out to be one.

A paper is kept under one id. Others that name it (its DOI, a feed's name for it) lead to it by a table of their own.
When an answer shows that what was kept as two is one, the paper with arXiv's id stays, else the one found first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.papers.ids import is_arxiv_id
from bot.papers.paper import Paper
from storage.database.statements import chunks, upsert
from storage.tables.papers import PAPER_IDS


@dataclass(frozen=True, slots=True)
class Merger:
    """A paper that is no longer kept under its id, and the one that it turned out to be."""

    gone: str
    stays: str


async def known_as(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, str]:
    """The ids of papers that are also known by some of these."""
    found: dict[str, str] = {}
    for some in chunks(sorted({one for one in ids if not is_arxiv_id(one)})):
        rows = await connection.execute(select(PAPER_IDS).where(PAPER_IDS.c.id.in_(some)))
        found.update((row.id, row.paper_id) for row in rows)
    return found


def identify(
    papers: Sequence[Paper], homes: Mapping[str, str], kept: Mapping[str, str]
) -> tuple[list[Paper], list[Merger]]:
    """The papers under the ids that they are to be kept by, and those that turn out to be one.

    `homes` are the ids of papers by what else they are known as, `kept` the DOIs of those that are kept, by their ids.
    """
    home = {one: one for one in kept} | dict(homes)
    #: The same the other way round: to look through all of it at each of ten thousand papers would take minutes.
    names_of = defaultdict[str, set[str]](set)
    for one, before in home.items():
        names_of[before].add(one)
    dois = dict(kept)
    placed, mergers = [], list[Merger]()
    for paper in papers:
        found = dict.fromkeys(home[one] for one in paper.ids if one in home)
        same = [one for one in found if _may_be(paper, one, dois.get(one, ""))]
        arxiv = [one for one in (paper.id, *same) if is_arxiv_id(one)]
        stays = (arxiv or [*same, paper.id])[0]
        gone = [one for one in same if one != stays and not is_arxiv_id(one)]
        mergers += [Merger(one, stays) for one in gone]
        for one in gone:
            names_of[stays] |= (moved := names_of.pop(one))
            home |= dict.fromkeys(moved, stays)
        names = {one for one in (*paper.ids, *gone) if home.get(one, stays) == stays}
        names_of[home.get(stays, stays)].discard(stays)
        names_of[stays] |= {*names, stays}
        home |= dict.fromkeys({*names, stays}, stays)
        dois[stays] = dois.get(stays) or paper.doi
        placed.append(replace(paper, id=stays, other_ids=tuple(sorted(names - {stays}))))
    # One that came early may have turned out to be one that came later.
    return [
        replace(paper, id=home[paper.id], other_ids=tuple(sorted({paper.id, *paper.other_ids} - {home[paper.id]})))
        for paper in placed
    ], [Merger(merger.gone, home[merger.stays]) for merger in mergers]


def _may_be(paper: Paper, known: str, doi: str) -> bool:
    """Whether a paper may be the one that is kept: two that arXiv has, or that have DOIs, are as many."""
    if paper.id == known:
        return True
    if paper.doi and doi and paper.doi != doi:
        return False
    return not (paper.is_on_arxiv and is_arxiv_id(known))


async def remember_ids(connection: AsyncConnection, papers: Iterable[Paper]) -> None:
    """Notes what papers, which are kept by now, are also known as."""
    rows = {one: {"id": one, "paper_id": paper.id} for paper in papers for one in paper.other_ids}
    for some in chunks([rows[one] for one in sorted(rows)]):
        adding = upsert(connection, PAPER_IDS)
        await connection.execute(
            adding.on_conflict_do_update(index_elements=["id"], set_={"paper_id": adding.excluded.paper_id}),
            list(some),
        )
