"""Meaning: the model and the vectors of papers while somebody needs them."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.clocks import Clock
from bot.errors import EmbeddingError, NoModelError
from bot.meaning.collection import Vectors, VectorView
from bot.meaning.model import EmbeddingModel
from bot.meaning.store import Coverage, VectorStore
from bot.meaning.vectors import Vector

#: What model and vectors hold in memory is given back when nobody has used them for so long.
IDLE_AFTER: Final = timedelta(minutes=10)
#: A model that failed is not tried again before.
RETRY_AFTER: Final = timedelta(minutes=10)

_log = structlog.get_logger()


class Meaning:
    """What one process knows of meaning. Without a model that works, its methods raise `EmbeddingError`."""

    def __init__(self, model: EmbeddingModel, store: VectorStore, clock: Clock) -> None:
        self._model = model
        self._store = store
        self._clock = clock
        self._name = ""  # of the model, as soon as it is known
        self._vectors: Vectors | None = None
        self._others: Vectors | None = None  # of the model that topics still go by, where that is another one
        self._used_at: datetime | None = None
        self._failure: EmbeddingError | None = None
        self._failed_at: datetime | None = None

    @property
    def problem(self) -> str:
        """Why papers are compared by their words alone, in a sentence; empty as far as is known that they are not."""
        return str(self._failure) if self._failure else ""

    async def model(self) -> str:
        """The name of the model, which its vectors have. Raises `EmbeddingError`."""
        self._refuse_after_failure()
        try:
            name = await asyncio.to_thread(lambda: self._model.name)
        except EmbeddingError as error:
            self._failed(error)
            raise
        self._name = name
        return name

    async def vector(self, text: str, *, executor: Executor | None = None) -> Vector:
        """What a text means: a question, or a paper that has no vector yet. Raises `EmbeddingError`.

        It is computed in a thread of the executor, or of the event loop's.
        """
        self._refuse_after_failure()
        self._used_at = self._clock.now()
        try:
            vector = await asyncio.get_running_loop().run_in_executor(executor, self._model.embed, text)
        except EmbeddingError as error:
            self._failed(error)
            raise
        self._failure = None
        return vector

    async def view(self) -> VectorView:
        """The vectors that papers have now. Raises `EmbeddingError`, `StorageError`."""
        return await self.view_of(await self.model())

    async def view_of(self, model: str) -> VectorView:
        """The vectors of one version of a model, which need not be the one that is there. Raises `StorageError`."""
        self._used_at = self._clock.now()
        if model == self._name:
            # Made when they are needed: who only asks how many there are does without the library of numbers.
            self._vectors = self._vectors or Vectors(self._store, model)
            return await self._vectors.follow()
        if self._others is None or self._others.model != model:
            self._others = Vectors(self._store, model)
        return await self._others.follow()

    async def coverage(self) -> Coverage:
        """How many papers have a vector. Raises `EmbeddingError`, `StorageError`."""
        return await self._store.coverage(await self.model())

    async def release_idle(self) -> bool:
        """Gives back the memory of what was not used for `IDLE_AFTER`; whether there was something."""
        if self._used_at is None or timedelta() <= self._clock.now() - self._used_at < IDLE_AFTER:
            return False
        self._used_at = None
        if self._vectors is not None:
            await self._vectors.release()
        self._others = None
        await asyncio.to_thread(self._model.release)
        _log.info("meaning.released")
        return True

    def _failed(self, error: EmbeddingError) -> None:
        if str(error) != self.problem:
            log = _log.info if isinstance(error, NoModelError) else _log.warning
            log("meaning.unavailable", reason=str(error))
        self._failure, self._failed_at = error, self._clock.now()

    def _refuse_after_failure(self) -> None:
        """A model that failed is most likely still what it was."""
        if self._failure and self._failed_at and timedelta() <= self._clock.now() - self._failed_at < RETRY_AFTER:
            raise self._failure.with_traceback(None)  # which else grows with each time
