"""The port of the search index, and what a search finds.

Not here: the index (`storage.search`), and the query language (`bot.query`).
"""
