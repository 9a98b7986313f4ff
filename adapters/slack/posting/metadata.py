"""The metadata that our messages carry, so that each is found again.

https://docs.slack.dev/messaging/message-metadata
"""

from __future__ import annotations

from typing import Final

from adapters.slack.client.payloads import Json
from bot.platforms.outcomes import Outgoing

#: Names the metadata of our messages, in which the outbox's key stands. Everybody in the workspace may read it.
EVENT_TYPE: Final = "paperround_post"


def metadata_of(outgoing: Outgoing) -> Json:
    """What a message carries so that it is found again."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": outgoing.key}}


def key_of(message: Json) -> str | None:
    """The key of one of our messages, None for any other message."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    key = (metadata.get("event_payload") or {}).get("key")
    return key if isinstance(key, str) else None
