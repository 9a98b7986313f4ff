"""The `/papers` commands: each is defined once, one file a group. Every platform makes its own form of it.

Not here: how a platform reads a command and shows a reply (`adapters`).
"""
