"""What becomes of channels and workspaces: invited, lost, moved, left, and deleted after a time (retention).

Not here: what people set (`bot.commands`).
"""
