"""Colours of embeds: every topic has its own, the same one everywhere and always."""

from __future__ import annotations

from zlib import crc32

#: Of what is about no topic, or about several.
DEFAULT = 0x3D6FB6
#: Told apart at a glance on dark and on light ground, and none of them as loud as a warning.
PALETTE = (
    0x4C78C8,
    0x2E9C8F,
    0x7A5FC0,
    0xC9793B,
    0x3F9E5A,
    0xB8569B,
    0x2F8FB8,
    0xA98A2B,
    0x5B6FD6,
    0xC25D6B,
    0x6B8E3A,
    0x8A6BA8,
)


def colour_of(topic: str) -> int:
    """The colour of a topic, by its name alone: whatever else a channel has, it does not change."""
    return PALETTE[crc32(" ".join(topic.casefold().split()).encode()) % len(PALETTE)]
