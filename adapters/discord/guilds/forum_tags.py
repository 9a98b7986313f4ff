"""Tags of forum channels: which of them a post gets for its topics.

https://docs.discord.com/developers/resources/channel#forum-tag-object
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import discord

from adapters.discord.messages.markup import cut

MOST_TAGS = 20  # of a forum
MOST_APPLIED = 5  # to a post
LONGEST_NAME = 20
REQUIRED = 1 << 4  # the flag of a forum whose posts must have one
#: Tags for everything, in forums that want one and have none that fits.
_PAPERS = "papers"
_GENERAL = ("paper", _PAPERS, "research", "news", "other", "misc", "general")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Forum:
    """What Discord says of a forum. `tags` are as it writes them, `manages` is whether the bot may add some."""

    tags: tuple[dict[str, Any], ...] = ()
    required: bool = False
    manages: bool = False
    moderates: bool = False

    @property
    def usable(self) -> list[dict[str, Any]]:
        """The tags that the bot may give to a post."""
        return [tag for tag in self.tags if self.moderates or not tag.get("moderated")]

    @property
    def takes_posts(self) -> bool:
        """Whether a post of ours can have a tag where it must have one."""
        return not self.required or bool(self.usable) or (self.manages and len(self.tags) < MOST_TAGS)


def forum_of(channel: discord.ForumChannel, me: discord.Member | None) -> Forum:
    """What the gateway told of a forum."""
    forum = Forum(tags=tuple(_as_json(tag) for tag in channel.available_tags), required=channel.flags.require_tag)
    return allowed_in(forum, channel.permissions_for(me) if me is not None else None)


def allowed_in(forum: Forum, allowed: discord.Permissions | None) -> Forum:
    """The forum with what the bot may do there, nothing where nobody could tell."""
    allowed = allowed or discord.Permissions()
    return replace(forum, manages=allowed.manage_channels, moderates=allowed.manage_threads)


def applied_tags(forum: Forum, topics: Sequence[str]) -> list[str]:
    """The ids of the tags for a post about these topics; one at least where the forum wants that and has any."""
    usable = forum.usable
    ids = {_folded(tag["name"]): str(tag["id"]) for tag in reversed(usable)}
    chosen = [ids[name] for topic in topics for name in (_folded(topic), _folded(tag_name(topic))) if name in ids]
    if not chosen and forum.required and usable:
        chosen = [_nearest(usable, topics)]
    return list(dict.fromkeys(chosen))[:MOST_APPLIED]


def missing_tags(forum: Forum, topics: Sequence[str]) -> list[str]:
    """The names of the tags that the forum should get for these topics, as far as it has room for them."""
    if not forum.manages:
        return []
    known = {_folded(tag["name"]) for tag in forum.tags}
    wanted = {_folded(name): name for topic in topics[:MOST_APPLIED] if (name := tag_name(topic))}
    if not wanted and forum.required and not forum.usable:
        wanted = {_PAPERS: _PAPERS}
    missing = [name for folded, name in wanted.items() if folded not in known]
    return missing[: max(0, MOST_TAGS - len(forum.tags))]


def tag_name(topic: str) -> str:
    """What the tag for a topic is called."""
    return cut(topic.replace('"', ""), LONGEST_NAME)


def _nearest(tags: Sequence[dict[str, Any]], topics: Sequence[str]) -> str:
    """The tag that has a word of a topic, else one for everything, else the first."""
    words = {word for topic in topics for word in _WORD.findall(topic.casefold())}
    general = [name for name in _GENERAL if any(_folded(tag["name"]) == name for tag in tags)][:1]
    for tag in tags:
        if words & set(_WORD.findall(tag["name"].casefold())):
            return str(tag["id"])
    return next((str(tag["id"]) for tag in tags if _folded(tag["name"]) in general), str(tags[0]["id"]))


def _as_json(tag: discord.ForumTag) -> dict[str, Any]:
    """A tag as Discord writes it, so that it is still there when others are added."""
    emoji = tag.emoji
    custom = emoji is not None and emoji.id is not None
    return {
        "id": str(tag.id),
        "name": tag.name,
        "moderated": tag.moderated,
        "emoji_id": str(emoji.id) if emoji is not None and custom else None,
        "emoji_name": emoji.name if emoji is not None and not custom else None,
    }


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
