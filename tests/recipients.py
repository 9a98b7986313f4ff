"""Addresses that get a channel's papers by mail, as somebody asks for them."""

from __future__ import annotations

from bot.channels.channel import Channel, ChannelSettings
from bot.mail.recipients import Content, NewRecipient


def a_recipient(follows: Channel) -> NewRecipient:
    """An address that is to get what the channel gets."""
    return NewRecipient(
        follows=follows,
        email="me@lab.example",
        content=Content.TOPICS,
        schedule="daily 09:00",
        settings=ChannelSettings(),
        added_by="u1",
        key="0" * 16,
        nonce="0" * 32,
    )
