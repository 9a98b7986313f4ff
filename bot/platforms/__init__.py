"""Chat platforms as the core sees them: the port that adapters fill, outcomes of sending, what refusals are
about, command calls and replies, and who may manage a channel.

Not here: any certain platform (`adapters`), and what commands do (`bot.commands`).
"""
