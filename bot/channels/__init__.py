"""Channels and workspaces: their settings, their next digest, where the app is installed, and the stores of these.

Not here: what becomes of channels on their platforms (`bot.lifecycle`).
"""
