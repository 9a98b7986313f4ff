"""The reading list of a person, a page of it or what is found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.commands.papers.reading import found_in_list
from bot.commands.services import Services
from bot.library.searching import pages
from bot.platforms.command_calls import CommandCall
from bot.reading.lists import SavedPaper

PAGE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """A page of a reading list: how many papers are on all of it, how many of them were looked for, and some."""

    total: int
    found: int
    entries: Sequence[SavedPaper]
    page: int
    pages: int


async def saved_page(services: Services, call: CommandCall, find: str, page: int) -> SavedPage:
    """A page of the list of whoever asks. Raises `UserError` for a search that cannot be read, and `StorageError`."""
    total = await services.reading.saved_count(call.reader)
    if not find or not total:
        last = pages(total, PAGE)
        page = min(max(page, 1), last)
        entries = await services.reading.saved(call.reader, limit=PAGE, offset=(page - 1) * PAGE)
        return SavedPage(total=total, found=total, entries=entries, page=page, pages=last)
    found = await found_in_list(services, call, find)
    last = pages(len(found), PAGE)
    page = min(max(page, 1), last)
    shown = found[(page - 1) * PAGE : page * PAGE]
    return SavedPage(total=total, found=len(found), entries=shown, page=page, pages=last)
