"""Embedding: papers get their vectors in the background, the newest first, whoever else works meanwhile."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final

import structlog

from bot.errors import EmbeddingError
from bot.meaning.meaning import Meaning
from bot.meaning.model import embedded_text
from bot.meaning.store import VectorStore
from bot.meaning.vectors import Vector
from bot.papers.paper import Paper
from bot.papers.store import PaperStore

#: Papers whose vectors are stored in one transaction: about a second's work, which is all that a crash can cost.
AT_ONCE: Final = 16
_LOOKED_AHEAD: Final = 1_000  # papers that wait and are known to, before the store is asked again
_FORGOTTEN_AT_ONCE: Final = 500  # vectors of a model that is not used any more, in one transaction
_NICE: Final = 10  # what the system lets the thread have after everybody else

_log = structlog.get_logger()


class Embedding:
    """One process' share of the work. Only one process at a time should do it: which one is not decided here."""

    def __init__(self, meaning: Meaning, papers: PaperStore, vectors: VectorStore) -> None:
        self._meaning = meaning
        self._papers = papers
        self._vectors = vectors
        self._thread = ThreadPoolExecutor(1, "embedding", initializer=_yield_to_others)
        self._waiting: deque[str] = deque()
        self._known_at: int | None = None  # the last change of papers when it was asked which ones wait
        self._knows_all = False  # whether no others wait
        self._tidied = False  # whether it was looked for vectors that nobody uses
        self._refused: set[str] = set()  # papers that the model failed on

    async def step(self) -> int:
        """Embeds the newest papers that wait, `AT_ONCE` of them; returns how many were taken up, 0 if none waits.

        0 as well while there is no model that works. Raises `StorageError`.
        """
        try:
            model = await self._meaning.model()
        except EmbeddingError:
            return 0  # which was logged when it was found out
        await self._look_ahead(model)
        paper_ids = list(islice(self._waiting, AT_ONCE))
        papers = await self._papers.papers(paper_ids)
        embedded: list[tuple[Paper, Vector]] = []
        try:
            for paper_id in paper_ids:
                if paper := papers.get(paper_id):
                    vector = await self._meaning.vector(embedded_text(paper), executor=self._thread)
                    embedded.append((paper, vector))
        except EmbeddingError as error:
            _log.warning("embedding.failed", paper=paper_id, reason=str(error))
            self._refused.add(paper_id)
            paper_ids = paper_ids[: len(embedded) + 1]
        finally:
            if embedded:  # also when it is stopped: what was worked out is not worked out again
                await self._vectors.add(embedded)
        for _ in paper_ids:
            self._waiting.popleft()
        if not self._waiting and self._knows_all and (paper_ids or not self._tidied):
            await self._tidy(model)
        return len(paper_ids)

    async def _tidy(self, model: str) -> None:
        """Once all papers have a vector: those of models that nobody uses any more are deleted."""
        current = await self._vectors.current_model()
        used = [model] if current in (None, model) else [model, current]
        while forgotten := await self._vectors.forget_others(used, _FORGOTTEN_AT_ONCE):
            _log.info("embedding.forgot", vectors=forgotten)
        self._tidied = True
        _log.info("embedding.caught_up", model=model[:12])

    def close(self) -> None:
        """Waits for the paper that is being embedded, a tenth of a second at the most."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def _look_ahead(self, model: str) -> None:
        last = await self._papers.last_change()
        if last == self._known_at and (self._waiting or self._knows_all):
            return
        limit = _LOOKED_AHEAD + len(self._refused)
        found = await self._vectors.waiting(model, limit)
        self._waiting = deque(paper_id for paper_id in found if paper_id not in self._refused)
        self._known_at, self._knows_all = last, len(found) < limit


def _yield_to_others() -> None:
    if sys.platform == "linux":  # where a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
