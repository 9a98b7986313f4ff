"""Discord: channel feeds and slash-commands, on discord.py."""
