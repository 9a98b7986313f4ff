"""Fields: what `name:value` means, for every name."""

from __future__ import annotations

import calendar
import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from bot.papers.dois import doi_in_link, doi_of
from bot.papers.ids import id_for_doi, linked_paper_ids, normalize_paper_id
from bot.papers.sources import BUILT_IN, SourceName, source_named
from bot.query.by_example import ABOUT, LIKE, about_value, like_value
from bot.query.categories import category_named, nearest_category
from bot.query.errors import QueryError
from bot.query.printing import printed
from bot.query.syntax import (
    Author,
    Category,
    Days,
    Everything,
    Feature,
    FromSource,
    Has,
    Number,
    NumberField,
    Organization,
    PaperId,
    Phrase,
    Prefix,
    Sort,
    Submitter,
    Term,
    TextField,
    Word,
)
from bot.query.values import Value, paper_id_in, shortened, words_of
from bot.text.lists import either
from bot.text.suggestions import closest
from bot.text.typed import DASHES
from bot.text.words import is_inflected, is_unspaced

SHORTEST_PREFIX = 3
_MOST_NAMED: Final = 6  # sources in a sentence
_LARGEST_NUMBER = 999_999_999
_YEARS = range(1900, 2101)  # arXiv began in 1991; a typo in a year is more likely than a query for 2101


def text_term(value: Value, field: TextField = TextField.ANY) -> Term:
    """What a word, a word with a `*`, or a quoted phrase looks for."""
    if value.text.startswith("=") and not value.quoted:
        value = replace(value, text=value.text.lstrip("="), exact=True)
    if "*" in value.text and not _STARRED_NAME.fullmatch(value.text):
        return _starred(value, field)
    words = words_of(value)
    exact = value.exact or (value.quoted and len(words) == 1)
    return _in_a_row(words, field, exact=exact)


#: `A*` is an algorithm.
_STARRED_NAME: Final = re.compile(r"\s*[ad]\*\s*", re.IGNORECASE)


def _in_a_row(words: tuple[str, ...], field: TextField, *, exact: bool = False) -> Term:
    exact = exact and any(map(is_inflected, words))
    return Word(words[0], field, exact) if len(words) == 1 else Phrase(words, field, exact)


def _starred(value: Value, field: TextField) -> Term:
    if value.exact and not value.quoted:
        raise value.error(
            "A word is looked for exactly or by its beginning.",
            f"Write {value.shown} without the `=`, or without the `*`.",
        )
    if value.quoted:
        raise value.error(
            "A quoted phrase cannot contain `*`.", "Write `quant*` without quotes, or the phrase without the `*`."
        )
    start = value.text.removesuffix("*")
    if not start:
        if field is TextField.ANY:
            return Everything()
        raise value.error(f"`{field}:*` does not say what to look for.", f"Write a word, like `{field}:quant*`.")
    if "*" in start or start == value.text:
        raise value.error(f"A `*` can only end a word, which it does not in {value.shown}.", "Write it like `quant*`.")
    words = words_of(Value(text=start, query=value.query, position=value.position, length=value.length, quoted=False))
    if all(map(is_unspaced, words)):
        return _in_a_row(words, field)  # found wherever it is in a run, so also where one begins so
    if len(words) > 1:
        raise value.error(
            f"A `*` needs one plain word, and {value.shown} is several.",
            f"Write `({' '.join(words)}*)`, which looks for each of them."
            if len(words[-1]) >= SHORTEST_PREFIX
            else f"Write `{start}` without the `*`.",
        )
    if len(words[0]) < SHORTEST_PREFIX:
        raise value.error(
            f"{value.shown} is too short: a `*` needs {SHORTEST_PREFIX} letters before it.",
            "Write more of the word, like `quant*`.",
        )
    return Prefix(words[0], field)


def _name_words(value: Value, what: str) -> tuple[str, ...]:
    if "*" in value.text:
        raise value.error(f"`*` does not work in the name of {what}.", "Write whole words of the name without it.")
    return words_of(value)


def _category(value: Value) -> Category:
    if name := category_named(value.plain):
        return Category(name)
    nearest = nearest_category(value.plain)
    meant = f"Did you mean `cat:{nearest}`?" if nearest else "They look like `cat:cs.CL`, `cat:hep-th` or `cat:cs.*`."
    raise value.error(f"arXiv has no category {value.shown}.", meant)


def _source(value: Value) -> FromSource:
    if source := source_named(value.plain):
        return FromSource(source)
    raise unknown_source(value, BUILT_IN)


def unknown_source(value: Value, known: Collection[SourceName]) -> QueryError:
    """The error for a source that there is not."""
    if len(known) <= _MOST_NAMED:
        meant = f"Write {either([f'source:{source}' for source in known])}."
    elif near := closest(value.plain.lower(), list(known)):
        meant = f"Did you mean `source:{near}`?"
    else:
        meant = "`/papers sources` shows what there is."
    return value.error(f"There is no source {value.shown}.", meant)


def _feature(value: Value) -> Has:
    try:
        return Has(Feature(value.plain.lower()))
    except ValueError:
        raise value.error(
            f"Papers cannot be asked for {value.shown}.", "Write `has:code`, `has:project` or `has:model`."
        ) from None


def _paper(value: Value) -> PaperId:
    if paper_id := paper_id_in(value):
        return PaperId(paper_id)
    raise value.error(f"{value.shown} is not an arXiv id.", "They look like `id:2604.13035` or `id:astro-ph/0601001`.")


def _doi(value: Value) -> PaperId:
    """The paper with that DOI, in whatever way it is written."""
    written = value.plain.strip()
    if doi := doi_of(written) or doi_in_link(written):
        return PaperId(id_for_doi(doi))
    raise value.error(f"{value.shown} is not a DOI.", "They look like `doi:10.1101/2026.01.15.123456`.")


_COMPARISON = re.compile(r"(>=|=>|≥|>|<=|=<|≤|<|=|)\s*(\d+)", re.ASCII)
_INTERVAL = re.compile(rf"(\d+)\s*(?:\.{{2,3}}|[{re.escape(DASHES)}])\s*(\d+)", re.ASCII)


def _number(value: Value, field: NumberField) -> Number:
    if found := _INTERVAL.fullmatch(value.plain):
        low, high = int(found[1]), int(found[2])
        if low > high:
            raise value.error(
                f"No number is in {value.shown}.", f"Write the smaller one first: `{field}:{high}..{low}`."
            )
        return _in_range(value, Number(field, low, high))
    if found := _COMPARISON.fullmatch(value.plain):
        number = int(found[2])
        match found[1]:
            case ">":
                return _in_range(value, Number(field, number + 1, None))
            case ">=" | "=>" | "≥":
                return _in_range(value, Number(field, number, None))
            case "<" if number == 0:
                raise value.error("No number is smaller than 0.", f"Write `{field}:0` for none.")
            case "<":
                return _in_range(value, Number(field, None, number - 1))
            case "<=" | "=<" | "≤":
                return _in_range(value, Number(field, None, number))
            case _:
                return _in_range(value, Number(field, number, number))
    raise value.error(
        f"{value.shown} is not a number or a comparison.",
        f"Write it like `{field}:>=20`, `{field}:<5` or `{field}:10..50`, without spaces.",
    )


def _in_range(value: Value, number: Number) -> Number:
    if max(number.low or 0, number.high or 0) > _LARGEST_NUMBER:
        raise value.error(f"The number in {value.shown} is too large.", f"Write at most {_LARGEST_NUMBER}.")
    return number


_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)


def _period(value: Value, text: str) -> tuple[date, date]:
    """The first day of a year, a month or a day, and the first one after it."""
    found = _DAY.fullmatch(text)
    if not found:
        raise value.error(
            f"{value.shown} is not a date.",
            "Write a day like `2026-04-03`, a month like `2026-04`, a year, or for `date:` two of them like "
            "`2026-04-03..2026-04-09`.",
        )
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    if year not in _YEARS:
        raise value.error(f"No paper is from the year {found[1]}.", f"Write a year up to {_YEARS[-1]}.")
    try:
        first = date(year, month, day)
    except ValueError:
        raise value.error(
            f"There is no such day as {value.shown}.", "Write year, month and day like `2026-04-03`."
        ) from None
    if found[2] is None:
        return first, date(year + 1, 1, 1)
    days = 1 if found[3] else calendar.monthrange(year, month)[1]
    return first, first + timedelta(days=days)


def _after(value: Value) -> Days:
    return Days(_period(value, value.plain)[0], None)


def _before(value: Value) -> Days:
    return Days(None, _period(value, value.plain)[0])


def _date(value: Value) -> Days:
    start, dots, stop = value.plain.partition("..")
    first, end = _period(value, start.strip())
    if dots:
        last, end = _period(value, stop.strip())
        if last < first:
            raise value.error(f"No day is in {value.shown}.", f"Write the earlier one first: `date:{stop}..{start}`.")
    return Days(first, end)


def sort_named(value: Value) -> Sort:
    """The order that `sort:` asks for."""
    try:
        return Sort(value.plain.lower())
    except ValueError:
        raise value.error(
            f"Papers cannot be sorted by {value.shown}.",
            "Write `sort:new` or `sort:top`; without it the best match comes first.",
        ) from None


#: What to make of the value of each field.
FIELDS: Final[Mapping[str, Callable[[Value], Term]]] = {
    "title": lambda value: text_term(value, TextField.TITLE),
    "abstract": lambda value: text_term(value, TextField.ABSTRACT),
    "author": lambda value: Author(_name_words(value, "an author")),
    "cat": _category,
    "org": lambda value: Organization(_name_words(value, "an organisation")),
    "submitter": lambda value: Submitter(_name_words(value, "a submitter")),
    "source": _source,
    "upvotes": lambda value: _number(value, NumberField.UPVOTES),
    "stars": lambda value: _number(value, NumberField.STARS),
    "comments": lambda value: _number(value, NumberField.COMMENTS),
    "after": _after,
    "before": _before,
    "date": _date,
    "has": _feature,
    "id": _paper,
    LIKE: like_value,
    ABOUT: about_value,
    "doi": _doi,
}
SORT: Final = "sort"

_OTHER_NAMES: Final = {
    "abs": "abstract",
    "by": "author",
    "category": "cat",
    "from": "source",
    "group": "org",
    "in": "cat",
    "likes": "upvotes",
    "order": SORT,
    "points": "upvotes",
    "related": LIKE,
    "similar": LIKE,
    "since": "after",
    "until": "before",
    "user": "submitter",
    "votes": "upvotes",
    "with": "has",
    "year": "date",
}


def not_a_field(run: Value) -> QueryError:
    """The error for a colon where no field is in front of it: a link, a time, a misspelt or unknown field."""
    name, _, rest = run.text.partition(":")
    paper_id = next(iter(linked_paper_ids(run.text)), None) or normalize_paper_id(run.text)
    if paper_id:
        return run.error("A link is not searched for.", f"Write `{printed(PaperId(paper_id))}` for that paper.")
    text = run.text.replace("*", "")  # which a phrase cannot have
    # What is cut short cannot be written as it stands there.
    quoted = f'write `"{text}"`' if shortened(text) == text else "put it in quotes"
    if rest.startswith("//"):
        return run.error("A link is not searched for.", f"Write some words of it, or {quoted} to look for its words.")
    if not name.isalpha():
        return run.error(
            f"A colon is only used between a field and its value, unlike in {run.shown}.",
            f"{quoted[0].upper()}{quoted[1:]} to look for its words.",
        )
    small = name.lower()
    close = difflib.get_close_matches(small, [*FIELDS, SORT, *_OTHER_NAMES], n=1)
    meant = _OTHER_NAMES.get(close[0], close[0]) if close else None
    place = Value(text=name, query=run.query, position=run.position, length=len(name), quoted=False)
    if meant:
        return place.error(
            f"There is no field {place.shown}.",
            f"Did you mean `{meant}:`? Otherwise {quoted} to look for its words.",
        )
    return place.error(
        f"There is no field {place.shown}.",
        f"The fields are {', '.join(FIELDS)}. Otherwise {quoted} to look for its words.",
    )
