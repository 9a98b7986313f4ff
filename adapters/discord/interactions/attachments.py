"""Files that people give with a command, such as a bibliography.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-resolved-data-structure
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import discord

from adapters.discord.client.errors import REQUEST_ERRORS
from adapters.discord.interactions.command_calls import Interaction
from bot.errors import UserError
from bot.papers.references import LONGEST_TEXT

TIMEOUT: Final = 20.0  # seconds for the whole file
_MB: Final = 1_000_000


async def attached_text(interaction: Interaction, data: dict[str, Any], file_id: str) -> str:
    """The text of a file that came with a command. Raises `UserError` for one that is none or cannot be had."""
    resolved = (data.get("resolved") or {}).get("attachments") or {}
    if file_id not in resolved:
        raise UserError("Discord did not send that file along. Please give the command once more.")
    file = discord.Attachment(data=resolved[file_id], state=interaction._state)  # noqa: SLF001 - as Namespace makes it
    if file.size > LONGEST_TEXT:
        raise UserError(f"That file has {file.size / _MB:.1f} MB; I read files of up to {LONGEST_TEXT / _MB:.0f} MB.")
    try:
        async with asyncio.timeout(TIMEOUT):
            content = await file.read()
    except (*REQUEST_ERRORS, TimeoutError) as error:
        raise UserError("Discord did not hand that file over. Please try once more in a minute.") from error
    if not content.strip():
        raise UserError("That file is empty.")
    if b"\0" in content[:LONGEST_TEXT]:
        raise UserError("That file is no text. I read BibTeX and RIS, as Zotero and others export them.")
    return _decoded(content[:LONGEST_TEXT])


def _decoded(content: bytes) -> str:
    """Bibliographies are in UTF-8, or in what Windows wrote before."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
