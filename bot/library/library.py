"""Library: what pages about papers read, put together."""

from __future__ import annotations

from dataclasses import dataclass

from bot.digests.store import DigestStore
from bot.intake.lookup import PaperLookups
from bot.intake.store import SourceStore
from bot.library.archive import Archive
from bot.library.searching import Searching
from bot.papers.store import PaperStore
from bot.posting.store import PostStore
from bot.reading.store import ReadingStore
from bot.topics.store import SubscriptionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Everything about papers that people can look at. Nothing is changed here: commands do that."""

    papers: PaperStore
    sources: SourceStore
    lookups: PaperLookups
    searching: Searching
    archive: Archive
    reading: ReadingStore
    digests: DigestStore
    posts: PostStore
    subscriptions: SubscriptionStore
