"""People of the web workspace: their accounts, roles and sessions, and the record of who changed what.

Not here: who may manage a channel on Slack or Discord (`bot.platforms.permissions`), a person's own topics
(`bot.channels.personal`), reading lists and votes (`bot.reading`).
"""
