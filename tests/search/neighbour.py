"""Another process on the same database and the same index.

python -m tests.search.neighbour DATABASE_URL FOLDER search QUERY   # prints the ids that it finds
python -m tests.search.neighbour DATABASE_URL FOLDER refresh        # prints how many papers it took over
python -m tests.search.neighbour DATABASE_URL FOLDER hang           # stops in the middle of writing, for ever
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from bot.query.parser import parse
from storage.search.files import IndexFiles
from storage.search.index import TantivyIndex
from storage.store import SqlStore


async def main(url: str, folder: Path, action: str, text: str = "") -> None:
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


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
