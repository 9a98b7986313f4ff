"""Neutral messages as Block Kit: cards, mentions and Slack's limits.

Not here: requests (`posting`).
"""
