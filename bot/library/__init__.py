"""The library: reading about papers outside of any digest. Searches, single papers, the archive by day.

Not here: the search index (`storage.search`), and the commands that answer in chats (`bot.commands`).
"""
