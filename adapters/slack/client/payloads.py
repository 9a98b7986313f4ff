"""Slack's payloads: JSON objects whose every field may be missing, whatever the documentation of the day says."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

#: How ids of conversations between two begin.
DIRECT_MESSAGE_PREFIX: Final = "D"
