"""Guilds (servers) and their channels: lifecycle, permissions, forum tags, missing access.

Not here: posting to channels (`posting`).
"""
