"""After years there are millions of posts and deliveries: nothing that is done every day may read all of them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from storage.store import SqlStore
from tests.core import Core
from tests.databases import sqlite_in
from tests.sources import a_paper

LINES = (
    "topics", "search diffusion", "search diffusion sort:new", "today", "trending", "trending month",
    "show 2605.00001", "abstract 2605.00001", "similar 2605.00001", "save 2605.00001", "saved", "unsave 2605.00001",
    "vote 2605.00001 up", "history", "status", "preview", "now", "bib all", "settings", "settings limit 5",
    "pause", "resume", "schedule instant", "schedule daily 10:00", "subscribe agents", "edit 2 agent", "unsubscribe 2",
)  # fmt: skip
#: These grow with every day.
GROWING = {"posts", "deliveries", "delivery_topics", "digests", "listings", "papers", "web_messages", "votes"}
#: Counting is reading an index from end to end, and done once a minute for the metrics.
COUNTED = re.compile(r"SELECT (posts\.state( AS \w+)?, )?count\(\*\) AS \w+ FROM \w+( GROUP BY posts\.state)?")

Statements = dict[str, Sequence[Any]]


@contextmanager
def _recorded() -> Iterator[Statements]:
    """The statements that are sent meanwhile, with the parameters of one time."""
    statements: Statements = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            statements.setdefault(" ".join(statement.split()), parameters[0] if many else parameters)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _read_whole(database: sqlite3.Connection, statement: str, parameters: Sequence[Any]) -> list[str]:
    """The growing tables of which a statement reads every row, or every row before or after one."""
    names = {name: name for name in GROWING}
    names |= {alias: table for table, alias in re.findall(r"(?:FROM|JOIN) (\w+) AS (\w+)", statement) if table in names}
    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    return [
        step
        for step in plan
        if (found := re.match(r"(SCAN|SEARCH) (\w+)", step))
        and found[2] in names
        and (found[1] == "SCAN" or re.search(r"USING INTEGER PRIMARY KEY \(rowid[<>]", step))
    ]


async def test_nothing_of_everyday_reads_a_table_that_grows_from_end_to_end(tmp_path: Path) -> None:
    store = SqlStore(sqlite_in(tmp_path / "paperround.db"))
    core = Core(store, tmp_path / "index")
    await core.say("subscribe diffusion")
    with _recorded() as statements:
        for day in range(2):
            await core.news(*(a_paper(5 * day + number) for number in range(5)))
            core.clock.advance(days=1)
            await core.settle()
            for line in LINES:
                await core.ask(line)
    await core.index.close()
    await store.close()
    assert sum(statement.startswith("UPDATE posts") for statement in statements) > 2
    with closing(sqlite3.connect(tmp_path / "paperround.db")) as database:
        whole = {
            statement: steps
            for statement, parameters in statements.items()
            if not COUNTED.fullmatch(statement) and (steps := _read_whole(database, statement, parameters))
        }
    assert not whole
