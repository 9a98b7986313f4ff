"""A process that embeds the papers of a store until nothing waits."""

from __future__ import annotations

from adapters.embedding.files import find_files
from adapters.embedding.onnx import OnnxModel
from bot.clocks import SystemClock
from bot.meaning.embedding import Embedding
from bot.meaning.meaning import Meaning
from storage.store import SqlStore


async def main(url: str) -> None:
    store = SqlStore(url)
    embedding = Embedding(Meaning(OnnxModel(find_files("")), store.vectors, SystemClock()), store.papers, store.vectors)
    while await embedding.step():
        pass
    embedding.close()
    await store.close()
