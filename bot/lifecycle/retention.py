"""Retention: what becomes of the data of a workspace that removed the bot, and of people who cannot be reached.

It is kept for a while, because people remove bots by mistake and invite them again, and then deleted for good.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from bot.channels.personal import PersonalChannelStore
from bot.channels.store import ChannelStore
from bot.mail.recipients import RecipientStore
from bot.people.audit import AUDIT_KEPT, MOST_LINES, AuditStore

KEPT_FOR = timedelta(days=30)
#: Addresses that get nothing are listed for so long: who manages a channel sees what became of them.
ADDRESSES_KEPT = timedelta(days=30)
#: Rows that are deleted together, and the seconds in between in which others may write.
ROWS_AT_ONCE = 500
PAUSE = 0.05

_log = structlog.get_logger()


class Retention:
    """Deletes what is kept of workspaces that the bot left longer ago than `kept_for`, and of people whom nothing
    reaches for as long: those who left, or take no messages from us. Of channels that people deleted it is at once.
    Mail addresses that nobody confirmed, or that ended, go after `ADDRESSES_KEPT`, lines of the audit after
    `audit_kept_for`."""

    def __init__(
        self,
        channels: ChannelStore,
        people: PersonalChannelStore,
        recipients: RecipientStore,
        audit: AuditStore,
        kept_for: timedelta = KEPT_FOR,
        audit_kept_for: timedelta = AUDIT_KEPT,
    ) -> None:
        self._audit = audit
        self._audit_kept_for = audit_kept_for
        self._channels = channels
        self._people = people
        self._recipients = recipients
        self._kept_for = kept_for

    async def delete_left(self, now: datetime) -> int:
        """Deletes what can be deleted then; returns how many rows. It may be interrupted, and called again."""
        forgotten = 0
        while True:
            rows = await self._channels.delete_left_workspaces(now - self._kept_for, now, ROWS_AT_ONCE)
            rows = rows or await self._channels.delete_marked(now, ROWS_AT_ONCE)
            rows = rows or await self._people.delete_stopped(now - self._kept_for, now, ROWS_AT_ONCE)
            rows = rows or await self._recipients.delete_unconfirmed(now - ADDRESSES_KEPT, now, ROWS_AT_ONCE)
            rows = rows or await self._audit.delete_old(now - self._audit_kept_for, MOST_LINES, ROWS_AT_ONCE)
            if not rows:
                break
            forgotten += rows
            await asyncio.sleep(PAUSE)
        if forgotten:
            _log.info("workspaces.forgotten", rows=forgotten)
        return forgotten
