"""Health: whether this process can do its work, for those who watch it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.app.engine import Engine
from bot.errors import StorageError
from storage.store import SqlStore


async def health_of(store: SqlStore, engine: Engine) -> Mapping[str, Any]:
    """`ok` in a word, and how the parts are.

    The word comes from writing: a database that can still be read helps nobody when its disk is full.
    """
    try:
        await store.database.prove_writable()
        posts = await store.posts.counts()
        sources = await store.sources.states()
    except StorageError as error:
        return {"ok": False, "database": str(error)}
    read = {state.name: state.last_error if state.failures else "ok" for state in sources if state.was_asked}
    if stuck := engine.stuck_for():
        return {"ok": False, "database": "ok", "engine": f"it has not looked for work for {stuck:.0f} seconds"}
    return {"ok": True, "database": "ok", "sources": read, "posts": {state.value: posts[state] for state in posts}}
