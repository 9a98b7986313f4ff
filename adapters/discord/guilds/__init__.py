"""Guilds and their channels: lifecycle, permissions, forum tags, why a guild refuses us."""
