"""Papers as documents of the index: which fields it has, and what is in them."""

from __future__ import annotations

import math
from datetime import date
from typing import Final

from tantivy import Document, Schema, SchemaBuilder

from bot.papers.paper import Paper
from bot.query.syntax import Feature
from bot.text.words import stemmed, words

#: Part of the folder's name. A change of anything in this module, or of how text becomes words, makes it another one,
#: and indexes are built anew.
FORMAT: Final = 8

# How often a paper's text holds each field. The engine scores the text as one field, so a word in the title counts like
# three in the abstract but saturates with them (the idea of BM25F), which ranks better than adding up scores by field.
_TITLE_TIMES = 3
_KEYWORD_TIMES = 2

_MOST_UPVOTES = 0.3  # what votes can add to a score, as a fraction of it: reached at a thousand
_YEARLY = 1.02  # what a year of youth multiplies it by
_FIRST_YEAR = 2010  # older papers are all equally old

#: Numbers and dates are beyond this nowhere; the sort keys keep room for so many digits.
_LARGEST = 9_999_999_999


# How the engine takes apart what it is given: words and terms come with spaces between.
_SPACED: Final = "whitespace"


def schema() -> Schema:
    """The fields.

    `text` is all that plain words look into, `title` and `abstract` are its parts; the `…_words` have the words as they
    are written, for what is asked for exactly and for beginnings of words. Names and everything that is matched as a
    whole follow, then numbers, and what results are ordered by.
    """
    builder = SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in (
        "text",
        "title",
        "abstract",
        "title_words",
        "keyword_words",
        "abstract_words",
        "author",
        "organization",
    ):
        builder.add_text_field(name, tokenizer_name=_SPACED, index_option="position")
    for name in ("any_id", "submitter", "category", "source", "has"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("upvotes", "stars", "comments", "day"):
        builder.add_integer_field(name, indexed=False, fast=True)
    # No two papers have the same: very many are named by it together.
    builder.add_integer_field("change", indexed=True, fast=True)
    builder.add_float_field("weight", fast=True)
    for name in ("newest", "top"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_bytes_field("excerpt", stored=True)
    return builder.build()


def document(paper: Paper, change: int) -> Document:
    """The paper as the index holds it."""
    title, abstract = words(paper.title), words(paper.abstract)
    keywords = list(map(words, paper.keywords))
    title_terms, abstract_terms = _spaced(stemmed(title)), _spaced(stemmed(abstract))
    keyword_terms = [_spaced(stemmed(keyword)) for keyword in keywords]
    found = Document(
        id=[paper.id],
        any_id=list(paper.ids),
        # Separate values: words in a row are never found across two of them.
        text=[title_terms] * _TITLE_TIMES + keyword_terms * _KEYWORD_TIMES + [abstract_terms],
        title=[title_terms],
        abstract=[abstract_terms],
        title_words=[_spaced(title)],
        abstract_words=[_spaced(abstract)],
        keyword_words=list(map(_spaced, keywords)),
        author=[_spaced(words(written)) for name in paper.authors for written in name.searched],
        organization=[_spaced(words(name)) for name in (paper.organization, paper.organization_name)],
        submitter=[whole_name(words(paper.submitter))],
        category=[part for category in paper.categories for part in _with_archive(category)],
        source=[str(source) for source in paper.sources],
        has=[str(feature) for feature in _features(paper)],
        newest=[sort_key(paper.day.toordinal() if paper.day else 0, paper.id)],
        top=[sort_key(paper.upvotes, paper.id)],
    )
    found.add_integer("change", change)
    found.add_integer("upvotes", paper.upvotes)
    found.add_integer("stars", paper.stars)
    found.add_integer("comments", paper.comments)
    if paper.day:
        found.add_integer("day", paper.day.toordinal())
    found.add_float("weight", _weight(paper.upvotes, paper.day))
    # In one line, as snippets of it are shown.
    found.add_bytes("excerpt", " ".join(paper.abstract.split()).encode("utf-8", "replace"))
    return found


def text_of(paper: Paper) -> list[str]:
    """What plain words look into, the more important parts several times over."""
    return [paper.title] * _TITLE_TIMES + list(paper.keywords) * _KEYWORD_TIMES + [paper.abstract]


_spaced = " ".join


def whole_name(name: list[str] | tuple[str, ...]) -> str:
    """A name that is only found as a whole, as it is stored."""
    return " ".join(name)


def sort_key(number: int, paper_id: str) -> str:
    """Orders by a number that is not negative, and where that is equal by id. No two papers have the same."""
    return f"{min(max(number, 0), _LARGEST):010d} {paper_id}"


def id_in(key: str) -> str:
    """The id in a sort key."""
    return key.partition(" ")[2]


def _with_archive(category: str) -> tuple[str, str]:
    """`cs.cl` and `cs.*`, which stands for all of the archive. Old papers have the archive alone: `astro-ph`."""
    category = category.lower()
    return category, f"{category.partition('.')[0]}.*"


def _features(paper: Paper) -> list[Feature]:
    links = {Feature.CODE: paper.code_url, Feature.PROJECT: paper.project_url, Feature.MODEL: paper.models > 0}
    return [feature for feature, link in links.items() if link]


def _weight(upvotes: int, day: date | None) -> float:
    """What the engine weights the score of this paper by.

    Relevance is multiplied by 1 to 1.3 for upvotes (every tenfold of them is worth 10 %) and by 1.02 for every year
    since 2010. So two papers stand to each other as they will next year, and the index need not know what day it is.
    The engine takes log2(2 + weight) for the factor, hence the power of two.
    """
    votes = 1 + min(math.log10(1 + max(upvotes, 0)) / 10, _MOST_UPVOTES)
    years = max(day.year + day.timetuple().tm_yday / 366 - _FIRST_YEAR, 0) if day else 0
    return math.exp2(votes * math.pow(_YEARLY, years)) - 2
