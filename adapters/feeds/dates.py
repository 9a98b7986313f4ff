"""Dates as feeds write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from adapters.feeds.limits import YEARS

_DAY_FORMS: Final = (
    "%Y-%m",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%Y %b %d",
    "%d/%m/%Y",
    "%B %Y",
)


def moment_of(text: str) -> datetime | None:
    """The moment that a date means, in UTC where it says no zone; None for what is none or lies far off."""
    text = " ".join(text.split())[:60]
    found = _iso(text) or _rfc(text) or next(filter(None, (_formed(text, form) for form in _DAY_FORMS)), None)
    if found is None or found.year not in YEARS:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        return None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    day = re.match(r"(\d{4})-(\d{1,2})-(\d{1,2})(?![\d])", text)
    try:
        return datetime(int(day[1]), int(day[2]), int(day[3]), tzinfo=UTC) if day else None
    except ValueError:
        return None


def _rfc(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _formed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
