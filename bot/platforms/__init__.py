"""Chat platforms as the core sees them: the port that adapters fill, outcomes of sending, command calls and replies.

Not here: any certain platform (`adapters`), and what commands do (`bot.commands`).
"""
