"""The order of a digest: how well papers fit a channel's topics, and what its votes have taught.

Not here: which papers a channel gets (`bot.topics`), and how many of them a digest shows (`bot.digests`).
"""
