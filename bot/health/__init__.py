"""Health: one report of how the bot is doing, and the forms in which people and programs read it."""
