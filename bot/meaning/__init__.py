"""What papers are about: how common words are in papers, and what is made of that.

Not here: which of two words are one (`bot.text`), and what a query means (`bot.query`).
"""
