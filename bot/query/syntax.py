"""The syntax tree of a query: what every part of it means, for search and for topics alike.

Words are stored as `bot.text.words.words` gives them: folded, in small letters, not stemmed. Where a node says
*stemmed*, its words and those of the paper are compared by `bot.text.words.terms`, elsewhere and where it is `exact` as
they are. What cannot be inflected is never exact: that would mean the same.

The text of a paper is its title, its abstract and each of its AI keywords, one by one; not its summary. Words in a row
are in a row within one of these: a phrase never goes on from the title to the abstract or from a keyword to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from bot.papers.sources import SourceName
from bot.query.models import MeaningModel, WordModel


class TextField(StrEnum):
    """Where a word is looked for. `ANY` is title, abstract and keywords."""

    ANY = "any"
    TITLE = "title"
    ABSTRACT = "abstract"


class NumberField(StrEnum):
    """Numbers of a paper; each is the name of an attribute of `Paper`."""

    UPVOTES = "upvotes"
    STARS = "stars"
    COMMENTS = "comments"


class Feature(StrEnum):
    """What a paper may have: a link to its code, a project page, a model (`code_url`, `project_url`, `models`)."""

    CODE = "code"
    PROJECT = "project"
    MODEL = "model"


class Sort(StrEnum):
    """The order of search results. Topics have none."""

    RELEVANCE = "relevance"
    NEW = "new"
    TOP = "top"


@dataclass(frozen=True, slots=True)
class Everything:
    """`*`: every paper."""


@dataclass(frozen=True, slots=True)
class Word:
    """The word is in the text. Stemmed."""

    word: str
    field: TextField = TextField.ANY
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two or more words are in the text in a row. Stemmed."""

    words: tuple[str, ...]
    field: TextField = TextField.ANY
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Prefix:
    """A word that starts so is in the text. Not stemmed."""

    start: str
    field: TextField = TextField.ANY


@dataclass(frozen=True, slots=True)
class Author:
    """The words, one or more, are in a row within the name of one author. Not stemmed."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Organization:
    """The words are in a row within the organisation's short name (`organization`) or its full one. Not stemmed."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Submitter:
    """The words are all the words of the submitter's name: the whole name, not a part of it. Not stemmed."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """An arXiv category, primary or cross-listed: `cs.CL`, `hep-th`, or `cs.*` for all of an archive.

    `astro-ph.*` finds every category that starts with `astro-ph.`, and `astro-ph` itself, which old papers have. The
    name is spelled as arXiv does; case does not matter when it is compared with a paper's.
    """

    name: str


@dataclass(frozen=True, slots=True)
class FromSource:
    """The source has it."""

    source: SourceName


@dataclass(frozen=True, slots=True)
class Number:
    """The number is from `low` to `high`, both included; None leaves that side open, and never both."""

    field: NumberField
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Days:
    """`Paper.day` is `first` or later, and earlier than `end`; None leaves that side open, and never both.

    A paper without a day is never found.
    """

    first: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Has:
    """It has such a link."""

    feature: Feature


@dataclass(frozen=True, slots=True)
class PaperId:
    """It is that paper."""

    id: str


#: Papers a week that a term brings which does not say how many: two a day.
USUAL_SHARE: Final = 14


@dataclass(frozen=True, slots=True)
class Like:
    """The paper is like one of these, by the words that they have in common with few others.

    `share` is how many papers a week that is to be, about. Which papers that are is decided by `model`, which is made
    of the examples and frozen (`bot.meaning.examples`); a query as it was written has none, and finds nothing with it.
    """

    papers: tuple[str, ...]
    share: int = USUAL_SHARE
    model: WordModel | None = None


@dataclass(frozen=True, slots=True)
class About:
    """The paper is about what these plain words mean.

    Like `Like`, but by the vector of the words and those of papers. A paper that has no vector yet is neither found by
    this nor by its negation.
    """

    words: str
    share: int = USUAL_SHARE
    model: MeaningModel | None = None


Text = Word | Phrase | Prefix
ByExample = Like | About
Term = (
    Everything
    | Word
    | Phrase
    | Prefix
    | Author
    | Organization
    | Submitter
    | Category
    | FromSource
    | Number
    | Days
    | Has
    | PaperId
    | Like
    | About
)


@dataclass(frozen=True, slots=True)
class Not:
    """What `node` does not find. `node` is never another `Not`."""

    node: Term | And | Or


@dataclass(frozen=True, slots=True)
class And:
    """What all of `nodes` find: two or more, none of them an `And`."""

    nodes: tuple[Term | Not | Or, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """What any of `nodes` finds: two or more, none of them an `Or`."""

    nodes: tuple[Term | Not | And, ...]


Node = Term | Not | And | Or
