"""What people do with papers: reading lists and votes, and their store.

Not here: the commands and buttons for it (`bot.commands.papers.reading`).
"""
