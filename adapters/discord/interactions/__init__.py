"""Interactions: the command tree, slash-commands, components, modals, roles as options, and the replies to them.

Not here: what the commands do (`bot.commands`).
"""
