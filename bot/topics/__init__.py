"""Topics: the standing orders of channels (subscriptions), the matcher that finds them for a paper, and their store.

Not here: what a query means (`bot.query`), and what becomes of a match (`bot.digests`).
"""
