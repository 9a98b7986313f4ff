"""Topics as people set them: made from what papers say, from a seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.papers.paper import Paper
from bot.text.words import words


def topics_about(papers: Sequence[Paper], count: int, chance: random.Random) -> Iterator[str]:
    """Queries of every shape and kind, each made from something that a paper says."""
    shapes = ["{0}", "{0} {1}", "{0} OR {1}", "{0} -{1}", "({0} OR {1}) {2}", "{0} -({1} OR {2})"]
    kinds = [_word, _word, _phrase, _prefix, _author, _fact]
    for _ in range(count):
        paper = chance.choice(papers)
        text = words(f"{paper.title} {paper.abstract}")
        yield chance.choice(shapes).format(*[chance.choice(kinds)(paper, text, chance) for _ in range(3)])


def _word(paper: Paper, text: list[str], chance: random.Random) -> str:
    return chance.choice(["", "", "title:", "abstract:"]) + chance.choice(text)


def _phrase(paper: Paper, text: list[str], chance: random.Random) -> str:
    start = chance.randrange(len(text) - 1)
    return f'"{" ".join(text[start : start + chance.randint(2, 4)])}"'


def _prefix(paper: Paper, text: list[str], chance: random.Random) -> str:
    word = chance.choice([word for word in text if len(word) >= 3])
    return f"{word[: chance.randint(3, len(word))]}*"


def _author(paper: Paper, text: list[str], chance: random.Random) -> str:
    name = words(chance.choice([name.written for name in paper.authors] or ["Yann LeCun"]))
    return f'author:"{" ".join(name[: chance.randint(1, 2)])}"'


def _fact(paper: Paper, text: list[str], chance: random.Random) -> str:
    facts = [f"upvotes:>={paper.upvotes}", f"date:{paper.published_on}", f"id:{paper.id}", "cat:cs.*", "cat:cs.CL"]
    return chance.choice([*facts, "source:hf"])


_LITTLE_WORDS = frozenset(
    words(
        "a an and are as at based be between by can do does for from how in into is it its new not of on or our over "
        "the their through to toward towards under use using via we what when with without"
    )
)


def subscriptions(papers: Sequence[Paper], count: int, *, distinct: int, seed: int = 2604) -> list[str]:
    """The topics of many channels, `distinct` of them different, the popular ones often.

    One to four words of a title, rare ones rather than common ones; 30% of them are phrases of two words and 10%
    prefixes; 15% of the topics exclude something, and some ask for a category or votes as well.
    """
    chance = random.Random(seed)
    common = Counter(word for paper in papers for word in set(words(f"{paper.title} {paper.abstract}")))
    topics: dict[str, None] = {}
    while len(topics) < distinct:
        topics[_topic(chance.choice(papers), common, chance)] = None
    by_popularity = list(topics)
    chance.shuffle(by_popularity)
    shares = [1 / rank**0.9 for rank in range(1, distinct + 1)]
    everything = [*topics, *chance.choices(by_popularity, shares, k=count - distinct)]
    chance.shuffle(everything)
    return everything


def _topic(paper: Paper, common: Counter[str], chance: random.Random) -> str:
    title = words(paper.title)
    places = [place for place, word in enumerate(title) if len(word) > 1 and word not in _LITTLE_WORDS]
    if not places:
        return f"id:{paper.id}"
    rareness = [1 / (common[title[place]] + 30) for place in places]
    chosen = chance.choices(places, rareness, k=chance.choices((1, 2, 3, 4), (30, 40, 20, 10))[0])
    terms = list(dict.fromkeys(_term(title, place, chance) for place in chosen))
    if len(terms) > 1 and chance.random() < 0.1:
        return " OR ".join(terms)
    options = [*[""] * 9, f" cat:{paper.categories[0]}", f" upvotes:>={chance.choice((5, 10, 20))}"]
    excluded = ["survey", "review", "benchmark", "medical", "dataset", "robot", '"case study"']
    return " ".join(terms) + (f" -{chance.choice(excluded)}" if chance.random() < 0.15 else chance.choice(options))


def _term(title: list[str], place: int, chance: random.Random) -> str:
    word, kind = title[place], chance.random()
    if kind < 0.3 and place + 1 < len(title):
        return f'"{word} {title[place + 1]}"'
    if kind < 0.4 and len(word) >= 5:
        return f"{word[: max(4, len(word) - 2)]}*"
    return word
