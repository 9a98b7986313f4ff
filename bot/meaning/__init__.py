"""What papers are about: vectors of one model, how alike two are, and how common words are in papers.

Not here: the model's runtime (`adapters.embedding`), the table of vectors (`storage.papers.vectors`), what a search
finds by words (`bot.search`), and which of two words are one (`bot.text`).
"""
