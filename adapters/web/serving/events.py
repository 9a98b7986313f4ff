"""The stream of new messages that an open page listens to (server-sent events).

https://html.spec.whatwg.org/multipage/server-sent-events.html: the browser reconnects by itself and then names the
last id that it has seen in `Last-Event-ID`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import structlog

from adapters.web.messages.live_votes import Changed
from adapters.web.platform import OF_PERSON, WebPlatform
from bot.errors import StorageError
from bot.platforms.message_log import LoggedMessage

log = structlog.get_logger(__name__)

HEARTBEAT = 15.0  # seconds; proxies cut connections that are silent for 30 to 60
RECONNECT_AFTER = 2000  # milliseconds
READ_AT_ONCE = 500  # ids; only the messages of the page's own channel are read
LONGEST_BACKLOG = 200  # messages of the channel; whoever missed more loads the page again
MOST_STREAMS = 100


class EventStreams:
    """The open streams. There are at most `limit` of them, so that forgotten pages cannot use up the process."""

    def __init__(self, platform: WebPlatform, *, limit: int = MOST_STREAMS, heartbeat: float = HEARTBEAT) -> None:
        self._platform = platform
        self._limit = limit
        self._heartbeat = heartbeat
        self._open = 0

    @property
    def full(self) -> bool:
        return self._open >= self._limit

    async def follow(
        self,
        channel: str,
        after: int,
        describe: Callable[[LoggedMessage], Mapping[str, Any]],
        votes: AbstractContextManager[Changed] | None = None,
    ) -> AsyncIterator[str]:
        """Everything posted after that id, as text of the stream, until the workspace closes.

        Events are `message` (of this channel, as `describe` says it), `activity` (in which channels something else was
        posted, and the last id there), `stale` (too much was missed) and, of what `votes` holds as long as it is open,
        `votes` (how they stand on papers of this channel).
        """
        self._open += 1
        try:
            with votes or nullcontext({}) as changed:
                async for event in self._events(channel, after, describe, changed):
                    yield event
        except StorageError as error:
            log.warning("web.stream_ended", channel=channel, error=str(error))
        finally:
            self._open -= 1

    async def _events(
        self, channel: str, after: int, describe: Callable[[LoggedMessage], Mapping[str, Any]], changed: Changed
    ) -> AsyncIterator[str]:
        yield f"retry: {RECONNECT_AFTER}\n\n"
        tail, missed = self._platform.tail, 0
        while not tail.closed:
            noticed = tail.last_id
            # A page that closes cancels this stream; a query that is under way still comes to its end.
            news = await asyncio.shield(self._platform.after(after, limit=READ_AT_ONCE))
            own = [arrival.id for arrival in news if arrival.channel == channel]
            missed += len(own)
            if missed > LONGEST_BACKLOG:
                yield _event("stale", news[-1].id, {})
                return
            for logged in await asyncio.shield(self._platform.messages(own)) if own else ():
                yield _event("message", logged.id, describe(logged))
            # Who gets papers of their own is nobody else's business.
            others = [one for one in news if one.channel != channel and not one.channel.startswith(OF_PERSON)]
            if elsewhere := {arrival.channel: arrival.id for arrival in others}:
                yield _event("activity", news[-1].id, {"latest": elsewhere})
            if news:
                after = news[-1].id
            while changed:
                yield _votes_event(channel, changed)
            if not news:
                missed = 0
                await tail.wait(noticed, self._heartbeat)
                if tail.last_id == noticed and not changed:
                    yield ": still here\n\n"


def _votes_event(channel: str, changed: Changed) -> str:
    """What has changed, which is taken out. It has no id: whoever missed it sees it on the page that is loaded next."""
    votes = {paper: {"up": tally.up, "down": tally.down} for paper, tally in changed.items()}
    changed.clear()
    return f"event: votes\ndata: {json.dumps({'channel': channel, 'votes': votes})}\n\n"


def _event(name: str, event_id: int, data: Mapping[str, Any]) -> str:
    # JSON has no line breaks of its own, so one line of data always holds all of it.
    return f"event: {name}\nid: {event_id}\ndata: {json.dumps(data)}\n\n"
