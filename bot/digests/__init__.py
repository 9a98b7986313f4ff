"""Digests: which papers a channel gets at one time, in which order and messages, and how cards of papers read.

Not here: sending (`bot.posting`), and what a platform makes of a message (`adapters`).
"""
