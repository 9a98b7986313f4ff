"""The tables. What they mean is in `bot`; here is only how it is kept.

Enumerations are stored as their values in plain text with a CHECK, so that a new member is an ordinary migration on
both databases. Lists that are read and written whole are JSON. Statements are written against the tables themselves
(`PAPERS`, not `PaperRow`): they return plain rows, and nothing is tracked or refreshed.

All modules are imported here, so that the metadata is whole whichever of them is asked for: backups go by it.
"""

from storage.tables import channels, papers, people, posts, processes, reading, sources, topics

__all__ = ["channels", "papers", "people", "posts", "processes", "reading", "sources", "topics"]
