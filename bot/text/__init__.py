"""Text as people write and read it: cleaning, TeX habits, the words that searches compare, shortening, suggestions.

Not here: what the text is about (`bot.papers`), and how a platform escapes it (`adapters`).
"""
