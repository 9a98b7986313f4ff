"""Papers: the value, its ids, its authors' names, how two answers about it are merged, how it is cited, its store.

Not here: where papers come from (`bot.intake`), and how they look in a chat (`bot.digests.cards`).
"""
