"""The query language of searches and topics: one syntax, one meaning.

`parse` reads a query, `explain` says in words what it means; what its parts mean is written at `bot.query.syntax`.
Not here: finding papers (`bot.search`) and matching them (`bot.topics`).
"""
