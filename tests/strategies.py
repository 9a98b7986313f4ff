"""Hypothesis strategies for papers and queries. Both are made of few words, so that they often meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from hypothesis import strategies as st

from bot.meaning.vectors import Vector
from bot.papers.names import read_names
from bot.papers.paper import Paper
from bot.papers.sources import BUILT_IN
from bot.query.models import MeaningModel, WordModel
from bot.query.parser import parse
from bot.query.queries import Query
from bot.query.syntax import About, ByExample
from bot.text.words import terms

#: Words in several forms of the same stem, with accents, in other scripts, and short ones.
WORDS = (
    *("agent", "agents", "diffusion", "diffuse", "Schrödinger", "survey", "surveys", "case", "study", "studies", "GPT"),
    *("4", "quantum", "quantization", "quantize", "model", "models", "mixture", "of", "experts", "expert", "the"),
    *(
        "naïve",
        "量子",
        "コンピュータ",
        "Ωμέγα",
        "ΩΜΕΓΑ",
        "Ёлка",
        "елка",
        "Straße",
        "ﬁne",
        "don't",
        "x",
        "x\u0304y",
        "a\u00adgent",
    ),
)
NAMES = (
    "Yann LeCun",
    "Geoffrey E. Hinton",
    "Yann Le Cun",
    "Schrödinger",
    "Wei Wang",
    "Wang Wei",
    "李飞飞",
    "The GPT Team",
)
CATEGORIES = ("cs.CL", "cs.CV", "cs.LG", "stat.ML", "math.CO", "hep-th", "astro-ph", "astro-ph.GA", "68T07")
IDS = ("2604.13035", "2604.00001", "1706.03762", "astro-ph/0601001")
ORGANIZATIONS = (
    ("", ""),
    ("nvidia", "NVIDIA"),
    ("google-deepmind", "Google DeepMind"),
    ("ai-lab", "The A.I. Lab, Zürich"),
)
SUBMITTERS = ("", "akhaliq", "AdinaY", "wei_wang", "wei")
EMBEDDING_MODEL = "model"
DAYS = st.dates(date(2025, 11, 1), date(2026, 5, 31))
COUNTS = st.integers(0, 30)


def texts(most: int = 12) -> st.SearchStrategy[str]:
    """Running text with all kinds of things between the words."""
    separators = st.sampled_from((" ", " ", " ", "-", ", ", ".\n", " 🤖 ", " – "))
    pieces = st.lists(st.tuples(st.sampled_from(WORDS), separators), max_size=most)
    return pieces.map(lambda found: "".join(word + separator for word, separator in found))


def papers() -> st.SearchStrategy[Paper]:
    """Papers as a source or two may show them, some nearly empty."""
    return st.builds(
        Paper,
        id=st.sampled_from(IDS),
        title=texts(6),
        abstract=texts(),
        authors=st.lists(st.sampled_from(NAMES), max_size=3).map(read_names).map(tuple),
        categories=st.lists(st.sampled_from(CATEGORIES), max_size=3, unique=True).map(tuple),
        keywords=st.lists(texts(3), max_size=3).map(tuple),
        summary=texts(4),
        published_on=st.none() | DAYS,
        featured_on=st.none() | DAYS,
        sources=st.frozensets(st.sampled_from(BUILT_IN)),
        upvotes=COUNTS,
        comments=COUNTS,
        stars=COUNTS,
        models=st.integers(0, 2),
        submitter=st.sampled_from(SUBMITTERS),
        code_url=st.sampled_from(("", "https://example.org/code")),
        project_url=st.sampled_from(("", "https://example.org/project")),
    ).flatmap(_of_an_organization)


def _of_an_organization(paper: Paper) -> st.SearchStrategy[Paper]:
    return st.sampled_from(ORGANIZATIONS).map(
        lambda names: replace(paper, organization=names[0], organization_name=names[1])
    )


def queries() -> st.SearchStrategy[Query]:
    """Queries of every kind, understood, with models for their terms by example."""
    return written_queries().flatmap(
        lambda query: st.tuples(*(_models_of(term) for term in query.by_example())).map(
            lambda models: query.with_models(
                tuple((Query.of(term).text, model) for term, model in zip(query.by_example(), models, strict=True))
            )
        )
    )


def written_queries() -> st.SearchStrategy[Query]:
    """Queries of every kind as they are read: terms by example have no models."""
    return query_texts().map(parse)


def _models_of(term: ByExample) -> st.SearchStrategy[WordModel] | st.SearchStrategy[MeaningModel]:
    return meaning_models() if isinstance(term, About) else word_models()


def meaning_models() -> st.SearchStrategy[MeaningModel]:
    """Models of what something means to one embedding model."""
    return st.builds(MeaningModel, st.just(EMBEDDING_MODEL), _numbers(), st.integers(1, 200))


def vectors() -> st.SearchStrategy[dict[str, tuple[Vector, ...]]]:
    """Vectors of some of the papers that there may be, some of them of another model."""
    names = st.sampled_from((EMBEDDING_MODEL, EMBEDDING_MODEL, "another"))
    several = st.lists(st.builds(Vector, names, _numbers()), max_size=2, unique_by=lambda vector: vector.model)
    return st.dictionaries(st.sampled_from(IDS), several.map(tuple))


def _numbers() -> st.SearchStrategy[bytes]:
    return st.lists(st.integers(-12, 12), min_size=3, max_size=3).map(lambda found: np.array(found, np.int8).tobytes())


def word_models() -> st.SearchStrategy[WordModel]:
    """Models of the few words that papers are made of, with thresholds that some of them reach."""
    weights = st.dictionaries(st.sampled_from(sorted(set(terms(" ".join(WORDS))))), st.integers(1, 400), min_size=1)
    return st.builds(WordModel.of, weights, st.integers(1, 1600), titles=st.just(("An Example",)))


def query_texts() -> st.SearchStrategy[str]:
    """Valid queries as people write them, with every kind of term, nested a few levels."""
    sorts = st.sampled_from(("", "", "", " sort:new", " SORT:Top"))
    return st.tuples(_positive(), sorts).map(lambda parts: f"({parts[0]}){parts[1]}")


def _positive() -> st.SearchStrategy[str]:
    return st.recursive(term_texts(), _combined, max_leaves=6)


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Longer queries of shorter ones, each with something positive in every branch."""
    excluded = st.tuples(st.sampled_from(("-", "NOT ", "—")), inner).map(lambda parts: f"{parts[0]}({parts[1]})")
    double = excluded.map(lambda text: f"-({text})")
    return st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(" ".join),
        st.lists(inner.map("({})".format), min_size=2, max_size=3).map(" OR ".join),
        st.tuples(inner, excluded).map(" ".join),
        st.tuples(excluded, inner).map(" AND ".join),
        st.tuples(inner, inner, excluded).map(lambda parts: f"({parts[0]}) (({parts[1]}) OR {parts[2]})"),
        double,
    )


def term_texts() -> st.SearchStrategy[str]:
    """One term of any kind."""
    words = st.sampled_from(WORDS)
    phrases = st.lists(words, min_size=1, max_size=3).map(lambda found: '"' + " ".join(found) + '"')
    prefixes = st.sampled_from(("quan*", "quantiz*", "age*", "AGENT*", "コンピ*", "Schrö*", "sur*"))
    exact = st.one_of(words, phrases).filter(lambda text: text[0].isalpha() or text[0] == '"').map("={}".format)
    plain = st.one_of(words, phrases, prefixes, exact)
    comparisons = st.tuples(st.sampled_from((">", ">=", "<=", "=", "")), COUNTS).map(lambda pair: f"{pair[0]}{pair[1]}")
    intervals = st.tuples(COUNTS, COUNTS).map(lambda pair: f"{min(pair)}..{max(pair)}")
    months = DAYS.map(lambda day: f"{day:%Y-%m}")
    spans = st.tuples(DAYS, DAYS).map(lambda pair: f"{min(pair)}..{max(pair)}")
    names = st.sampled_from(
        ("yann", '"yann lecun"', "LECUN", '"wei wang"', "schrodinger", '"E. Hinton"', "李飞飞", '"Le Cun"')
    )
    categories = st.sampled_from(("cs.cl", "cs.CV", "cs.*", "stat.ML", "hep-th", "astro-ph", "astro-ph.GA", "math.CO"))
    organizations = st.sampled_from(("nvidia", "deepmind", '"google deepmind"', '"lab zurich"', "ai-lab", '"a i lab"'))
    return st.one_of(
        plain,
        plain,
        st.just("*"),
        _in(("title", "abstract"), plain),
        _in(("title", "abstract"), st.tuples(plain, plain).map(lambda pair: f"({pair[0]} OR {pair[1]})")),
        _in(("author",), names),
        _in(("cat",), categories),
        _in(("org",), organizations),
        _in(("submitter",), st.sampled_from(("akhaliq", "@adinay", "wei", '"wei wang"', "wei_wang"))),
        _in(("source",), st.sampled_from(("hf", "huggingface", "arxiv"))),
        _in(("upvotes", "stars", "comments"), comparisons | intervals),
        _in(("after", "before", "date"), DAYS.map(str) | months),
        _in(("date",), spans),
        _in(("has",), st.sampled_from(("code", "project", "model"))),
        _in(("id",), st.sampled_from(IDS)),
        _in(("like",), st.sampled_from(IDS)),
        _in(("about",), phrases),
        st.tuples(st.lists(st.sampled_from(IDS), min_size=1, max_size=3).map(" ".join), st.integers(1, 30)).map(
            lambda pair: f"like:({pair[0]})~{pair[1]}/week"
        ),
    )


def _in(fields: tuple[str, ...], values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(fields), values).map(":".join)
