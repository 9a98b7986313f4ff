"""Neutral messages as embeds and components: markup, markers, mentions of roles, colours.

Not here: requests (`posting`).
"""
