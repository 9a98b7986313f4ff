"""Reactions: 👍, 👎 and 🔖 below a message that shows one paper count like its buttons.

A person has one vote on a paper in a channel, by button or by reaction. A reaction that is taken back takes back only
what it did itself: a vote that was cast by a button, or a paper that was saved by one, stays.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import structlog

from bot.commands.papers.reading import MOST_SAVED, message_now
from bot.commands.services import Services
from bot.digests.content import DigestPart, PaperReply, SharedPaper
from bot.errors import StorageError, UserError
from bot.platforms.outcomes import Outgoing
from bot.platforms.reactions import Reaction
from bot.reading.votes import Vote

log = structlog.get_logger()

#: What an emoji says of a paper: a vote, or that the person keeps it.
Meaning = Vote | Literal["save"]
_MEANINGS: Final[dict[str, Meaning]] = {
    **dict.fromkeys(("👍", "+1", "thumbsup"), Vote.UP),
    **dict.fromkeys(("👎", "-1", "thumbsdown"), Vote.DOWN),
    **dict.fromkeys(("🔖", "bookmark"), "save"),
}
#: Skin tones, as characters and in Slack's names, and the sign that says "as a picture".
_TONE: Final = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]|::skin-tone-[1-6]$")


def meaning_of(emoji: str) -> Meaning | None:
    """What an emoji says of a paper, None for one that says nothing."""
    return _MEANINGS.get(_TONE.sub("", emoji.strip(":")))


class Reactions:
    """Implements `bot.platforms.reactions.ReactionListener`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def added(self, reaction: Reaction) -> Outgoing | None:
        return await self._apply(reaction, there=True)

    async def taken_back(self, reaction: Reaction) -> Outgoing | None:
        return await self._apply(reaction, there=False)

    async def _apply(self, reaction: Reaction, *, there: bool) -> Outgoing | None:
        meaning = meaning_of(reaction.emoji)
        if meaning is None:
            return None
        try:
            channel = await self._services.directory.find(reaction.address)
            paper_id = await self._paper_of(reaction, channel.id) if channel else ""
            if channel is None or not paper_id:
                return None
            if meaning == "save":
                await self._keep(reaction, paper_id, channel.id, there=there)
                return None
            changed = await self._vote(channel.id, paper_id, reaction.person, meaning, there=there)
            log.info("reaction.counted", channel=str(channel.address), vote=meaning, added=there, changed=changed)
            if not changed:
                return None
            self._services.votes.voted(channel, paper_id, drawn=reaction.message_id)
            return await message_now(self._services, channel.id, reaction.message_id)
        except (StorageError, UserError) as error:  # of the latter there is nobody to tell
            log.warning("reaction.failed", channel=str(reaction.address), reason=str(error))
            return None

    async def _paper_of(self, reaction: Reaction, channel_id: int) -> str:
        """The one paper that the message shows, empty where it shows none, or several."""
        if reaction.paper_id:
            known = await self._services.papers.paper(reaction.paper_id)
            return known.id if known else ""
        post = await self._services.posts.sent_as(channel_id, reaction.message_id)
        match post.content if post else None:
            case DigestPart(paper_ids=(paper_id,)) | PaperReply(paper_id=paper_id) | SharedPaper(paper_id=paper_id):
                return paper_id
            case _:
                return ""

    async def _vote(self, channel_id: int, paper_id: str, person: str, vote: Vote, *, there: bool) -> bool:
        """Whether that changes how the votes stand."""
        reading = self._services.reading
        if there:
            return await reading.cast(channel_id, paper_id, person, vote, self._services.clock.now())
        return await reading.take_back(channel_id, paper_id, person, vote)

    async def _keep(self, reaction: Reaction, paper_id: str, channel_id: int, *, there: bool) -> None:
        """A full list takes nothing more, and there is nobody to say so to: the commands do."""
        reading, reader = self._services.reading, reaction.reader
        if not there:
            await reading.unsave(reader, paper_id, by_reaction=True)
        elif await reading.saved_count(reader) < MOST_SAVED:
            now = self._services.clock.now()
            await reading.save(reader, paper_id, now, channel_id=channel_id, by_reaction=True)
