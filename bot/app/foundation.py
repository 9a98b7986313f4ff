"""The foundation: database, index and meaning, open; what needs neither feeds nor platforms."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import timedelta

import structlog

from adapters.embedding.files import find_files
from bot.app.configuration.database_address import store_at
from bot.app.configuration.folders import make_data_folder
from bot.app.configuration.settings import Settings
from bot.app.sharing import expect_shared
from bot.clocks import Clock
from bot.digests.calendar import Calendar
from bot.errors import EmbeddingError
from bot.health.reporting import HealthReports
from bot.lifecycle.timekeeping import set_right
from bot.meaning.meaning import Meaning
from bot.meaning.model import AbsentModel, EmbeddingModel
from bot.posting.roles import ProcessRole
from storage.database.database import newest_revision
from storage.search.index import TantivyIndex
from storage.store import SqlStore

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Foundation:
    """What everything else of the bot stands on."""

    settings: Settings
    clock: Clock
    store: SqlStore
    index: TantivyIndex
    meaning: Meaning

    def health(self) -> HealthReports:
        """What tells how the bot is doing in a process that does no work itself."""
        return HealthReports(
            store=self.store.health,
            sources=self.store.sources,
            papers=self.store.papers,
            channels=self.store.channels,
            posts=self.store.posts,
            calendar=Calendar(self.store.digests, timedelta(minutes=self.settings.spread_minutes)),
            index=self.index,
            meaning=self.meaning,
            clock=self.clock,
            poll_every=self.settings.poll_every,
            schema=newest_revision(),
        )


async def open_foundation(
    settings: Settings, clock: Clock, stack: contextlib.AsyncExitStack, role: ProcessRole = ProcessRole.ALL
) -> Foundation:
    """Opens it; it is closed with the `stack`. Raises `OperatorError` or `StorageError` when that cannot be done."""
    make_data_folder(settings.data_dir)
    store = store_at(settings.store_url)
    stack.push_async_callback(store.close)
    expect_shared(settings, role, on_sqlite=store.database.is_sqlite)
    if store.database.is_missing and any(settings.index_dir.glob("*/meta.json")):
        _log.warning(
            "database.new_beside_index",
            database=store.database.place,
            reason="There is no database yet, but an index of papers: if one was here before, stop the bot and put it "
            "back, or restore a backup.",
        )
    await store.open()
    await set_right(clock, store.times)
    meaning = Meaning(embedding_model(settings), store.vectors, clock)
    index = TantivyIndex(settings.index_dir, store.papers, meaning.view_of)
    stack.push_async_callback(index.close)
    return Foundation(settings, clock, store, index, meaning)


def embedding_model(settings: Settings) -> EmbeddingModel:
    """The model that is set or installed; one that says why there is none where there is none."""
    try:
        files = find_files(settings.embedding_model)
    except EmbeddingError as error:
        return AbsentModel(error)
    from adapters.embedding.onnx import OnnxModel  # brings NumPy, which nobody needs who has no model

    return OnnxModel(files)
