"""Atom: what channels are sent, as feeds for feed readers. What is in them is decided in `bot.library.channel_feed`."""
