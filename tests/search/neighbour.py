"""Another process on the same database and the same index."""

from __future__ import annotations

import json
import time
from pathlib import Path

from bot.query.parser import parse
from storage.search.files import IndexFiles
from storage.search.index import TantivyIndex
from storage.store import SqlStore


async def main(url: str, folder: Path, action: str, text: str = "") -> None:
    """Does one of three things.

    `search` prints the ids that it finds for the text, `refresh` how many papers it took over; `hang` stops in the
    middle of writing, for ever.
    """
    store = SqlStore(url)
    index = TantivyIndex(folder, store.papers)
    if action == "search":
        page = await index.search(parse(text), limit=1000)
        print(json.dumps(sorted(hit.paper_id for hit in page.hits)))
    elif action == "refresh":
        print("writing", flush=True)
        print(await index.refresh())
    else:
        writing = IndexFiles(folder).write()
        assert writing
        writing.put(await store.papers.changed_papers(0, 1000))
        print("writing", flush=True)
        time.sleep(600)
    await index.close()
    await store.close()
