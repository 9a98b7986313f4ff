"""Panels: what stands beside a channel, and what a form about it shows while somebody fills it.

They read; whatever changes something is the line of a command (`bot.commands`). Not here: how they look.
"""
