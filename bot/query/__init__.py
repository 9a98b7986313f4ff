"""The query language of searches and topics: one syntax, one meaning.

    query = parse('diffusion "consistency model" -survey upvotes:>=20')
    query.text  # its canonical form
    explain(query)  # papers with *diffusion* and the phrase *consistency model*, not *survey*, …

What the parts of a query mean is written at their nodes, in `bot.query.nodes`.
"""

from bot.query.errors import QueryError
from bot.query.explaining import explain
from bot.query.nodes import Node, Sort
from bot.query.parser import LONGEST_QUERY, MOST_TERMS, parse
from bot.query.queries import Query, plain_words

__all__ = ["LONGEST_QUERY", "MOST_TERMS", "Node", "Query", "QueryError", "Sort", "explain", "parse", "plain_words"]
