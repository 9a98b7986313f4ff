"""The store: every table behind the ports of the core."""

from __future__ import annotations

from storage.backup import Backup
from storage.channels.channel_feeds import SqlChannelFeedStore
from storage.channels.channels import SqlChannelStore
from storage.channels.personal import SqlPersonalChannelStore
from storage.channels.recipients import SqlRecipientStore
from storage.channels.subscriptions import SqlSubscriptionStore
from storage.channels.topic_files import SqlTopicFileStore
from storage.database.database import Database
from storage.database.locks import AdvisoryLocks
from storage.database.notifications import Notifications
from storage.health import SqlHealthStore
from storage.idempotency import SqlIdempotencyStore
from storage.papers.feeds import SqlFeedStore
from storage.papers.papers import SqlPaperStore
from storage.papers.sources import SqlSourceStore
from storage.papers.vectors import SqlVectorStore
from storage.people.audit import SqlAuditStore
from storage.people.people import SqlPeopleStore
from storage.posting.archive import SqlArchive
from storage.posting.digests import SqlDigestStore
from storage.posting.outbox import SqlPostStore
from storage.pruning import SqlPruneStore
from storage.reading import SqlReadingStore
from storage.stored_times import SqlStoredTimes
from storage.web_messages import SqlMessageLog


class SqlStore:
    """Implements the stores that the rooms of the core ask for, on SQLite and PostgreSQL."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.papers = SqlPaperStore(self.database)
        self.vectors = SqlVectorStore(self.database)
        self.sources = SqlSourceStore(self.database)
        self.feeds = SqlFeedStore(self.database)
        self.channels = SqlChannelStore(self.database)
        self.channel_feeds = SqlChannelFeedStore(self.database)
        self.personal_channels = SqlPersonalChannelStore(self.database)
        self.recipients = SqlRecipientStore(self.database)
        self.subscriptions = SqlSubscriptionStore(self.database)
        self.topic_files = SqlTopicFileStore(self.database)
        self.digests = SqlDigestStore(self.database)
        self.archive = SqlArchive(self.database)
        self.posts = SqlPostStore(self.database)
        self.reading = SqlReadingStore(self.database)
        self.people = SqlPeopleStore(self.database)
        self.audit = SqlAuditStore(self.database)
        self.idempotency = SqlIdempotencyStore(self.database)
        self.messages = SqlMessageLog(self.database)
        self.pruning = SqlPruneStore(self.database)
        self.backup = Backup(self.database)
        self.health = SqlHealthStore(self.database)
        self.times = SqlStoredTimes(self.database)
        self.locks = AdvisoryLocks(self.database)
        self.notifications = Notifications(self.database)

    async def open(self) -> None:
        """Brings the schema up to date; raises `StorageError` when the database cannot be reached."""
        await self.database.migrate()

    async def close(self) -> None:
        await self.locks.release_all()
        await self.database.close()
