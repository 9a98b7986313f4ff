"""The search index: tantivy in a folder beside the database, which it follows.

Not here: the analyser of words (`bot.text.words`), because the matcher uses the same.
"""
