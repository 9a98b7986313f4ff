"""The OAuth scopes that the app asks for.

https://docs.slack.dev/reference/scopes
"""

from __future__ import annotations

from typing import Final

#: What the bot may do. History is read only to find out whether a message whose answer got lost has arrived.
SCOPES: Final = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "links:read",
    "links:write",
    "mpim:history",
    "mpim:read",
    "reactions:read",
    "users:read",
)
