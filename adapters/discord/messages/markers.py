"""The marker by which a message of ours is found again: the post's key behind the first paper's address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from adapters.discord.messages.components import texts_of
from adapters.discord.messages.embeds import Payload
from adapters.discord.messages.markup import length, usable_url
from bot.messages.message import Block, Message, PaperBlock


def has_marker(message: Payload, key: str) -> bool:
    """Whether that message of Discord's is the one that was rendered with this key."""
    texts = [str(embed.get(part) or "") for embed in message.get("embeds") or () for part in ("url", "description")]
    texts += texts_of(message.get("components") or ())
    return any(f"#{key}" in text for text in (str(message.get("content") or ""), *texts))


def can_be_marked(message: Message) -> bool:
    """Whether `has_marker` could find it again."""
    return marked_place(message.blocks) is not None


def with_marker(blocks: Sequence[Block], key: str) -> Iterator[Block]:
    marked = marked_place(blocks)
    for place, block in enumerate(blocks):
        if place == marked and isinstance(block, PaperBlock):
            yield replace(block, url=f"{block.url.partition('#')[0]}#{key}")
        else:
            yield block


def marked_place(blocks: Sequence[Block]) -> int | None:
    """The first paper with an address that is sure to be shown whole."""
    for place, block in enumerate(blocks):
        if isinstance(block, PaperBlock) and 0 < length(usable_url(block.url)) <= 100:
            return place
    return None
