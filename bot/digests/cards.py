"""Papers as people see them: a card in a list, a card that stands for itself, or a line."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from bot.digests.excerpts import sentence_of
from bot.digests.reasons import reason_in_words
from bot.messages.message import Button, Link, PaperBlock, PersonMention, Span, Thumbs
from bot.papers.dois import link_to_doi
from bot.papers.names import shorten_authors
from bot.papers.paper import Paper
from bot.papers.sources import HUGGINGFACE
from bot.ranking.order import Reason, ReasonKind
from bot.reading.votes import Tally, Vote
from bot.text.counting import compact_number, count_of
from bot.text.shortening import shorten

LONGEST_TITLE = 300  # characters; the longest real titles have about 250
LONGEST_ABSTRACT = 2500
LONGEST_TOPIC = 60
FACTS_OF_LINE = 2
MOST_PEOPLE = 8  # that one card names
LONGEST_VENUE = 30
NO_VOTES = Tally()


def summary_of(paper: Paper) -> str:
    """One sentence about the paper: the feed's own summary, else one of the abstract."""
    return sentence_of(paper.title, paper.summary, paper.abstract)


def title_of(paper: Paper) -> str:
    return shorten(paper.title, LONGEST_TITLE)


def paper_card(
    paper: Paper,
    *,
    topics: Sequence[str] = (),
    tally: Tally = NO_VOTES,
    abstract: bool = False,
    votes: bool = True,
    delivered: bool = True,
    reason: Reason | None = None,
    liked: Mapping[str, Paper] | None = None,
    people: Sequence[PersonMention] = (),
) -> PaperBlock:
    """A card in a list. `abstract` shows it whole.

    `tally` are the votes of the channel where it is shown; without `votes` nobody is asked for one. What was
    `delivered` to the channel can be said to be unwanted. `reason` is why a digest shows it, `liked` the papers that
    reasons are about. `people` are those whom it is for: first those who want to be notified, and not more than people
    would read.
    """
    why = reason_in_words(reason, paper, liked or {}, with_abstract=abstract)
    # One sentence of the paper is enough: the one that matched, or the summary; a whole abstract has them all.
    matched = bool(why) and reason is not None and reason.kind is ReasonKind.TOPIC and not abstract
    summary = "" if matched or (abstract and paper.abstract and not paper.summary) else summary_of(paper)
    return PaperBlock(
        paper_id=paper.id,
        title=title_of(paper),
        url=paper.url,
        summary=summary,
        reason=why,
        byline=shorten_authors(paper.authors),
        abstract=_abstract_of(paper) if abstract else "",
        facts=_facts(paper),
        topics=tuple(shorten(topic, LONGEST_TOPIC) for topic in topics),
        thumbnail_url=paper.thumbnail_url,
        thumbs=Thumbs(paper.id, tally.up, tally.down) if votes else None,
        menu=_menu(paper, with_abstract=not abstract, delivered=delivered),
        opens=Button("⋯", f"show {paper.id}"),
        people=_foremost(people),
    )


def paper_line(paper: Paper, *, topics: Sequence[str] = (), people: Sequence[PersonMention] = ()) -> PaperBlock:
    """A line of a list: the title and a few facts."""
    return PaperBlock(
        paper_id=paper.id,
        title=title_of(paper),
        url=paper.url,
        facts=_facts(paper, who=True)[:FACTS_OF_LINE],
        topics=tuple(shorten(topic, LONGEST_TOPIC) for topic in topics),
        people=_foremost(people),
        compact=True,
    )


class Cards:
    """Cards and lines of some papers, each made once: what goes to many channels together has mostly the same ones."""

    def __init__(self, papers: Mapping[str, Paper]) -> None:
        self._papers = papers
        self._made: dict[Hashable, PaperBlock] = {}

    def card(
        self,
        paper: Paper,
        *,
        topics: Sequence[str],
        tally: Tally,
        abstract: bool,
        reason: Reason | None,
        people: Sequence[PersonMention],
    ) -> PaperBlock:
        """As `paper_card` makes it, with the papers at hand for what reasons are about."""
        key = paper.id, *topics, tally, abstract, reason, *people
        if (made := self._made.get(key)) is None:
            made = self._made[key] = paper_card(
                paper,
                topics=topics,
                tally=tally,
                abstract=abstract,
                reason=reason,
                liked=self._papers,
                people=people,
            )
        return made

    def line(self, paper: Paper, *, topics: Sequence[str], people: Sequence[PersonMention]) -> PaperBlock:
        """As `paper_line` makes it."""
        key = paper.id, *topics, *people
        if (made := self._made.get(key)) is None:
            made = self._made[key] = paper_line(paper, topics=topics, people=people)
        return made


def result_card(paper: Paper, snippet: Sequence[Span] = ()) -> PaperBlock:
    """The paper as a search shows it. `snippet` is the part of its abstract that says why it was found.

    A list of results is read by one person: votes belong to what the whole channel was sent.
    """
    card = paper_card(paper, votes=False, delivered=False)
    shown = (Span("… "), *snippet, Span(" …")) if snippet else ()
    # A snippet says more than a summary about why it was found.
    return replace(card, summary="" if shown else card.summary, snippet=shown, thumbnail_url="")


def private_card(
    paper: Paper, *, tally: Tally | None = None, saved: bool = False, delivered: bool = False
) -> PaperBlock:
    """The paper for one person: its abstract, its links, and all that can be done with it.

    `tally` are the votes of the channel, where there is one; `saved` is whether the paper is on their list. What was
    `delivered` to the channel can be said to be unwanted, and asked about.
    """
    card = paper_card(paper, abstract=True, votes=False, delivered=False)
    buttons = []
    if tally is not None:
        buttons += [
            Button(f"👍 {tally.up}" if tally.up else "👍", f"vote {paper.id} {Vote.UP} --card"),
            Button(f"👎 {tally.down}" if tally.down else "👎", f"vote {paper.id} {Vote.DOWN} --card"),
        ]
    kept = Button("Saved", f"unsave {paper.id} --card") if saved else Button("Save", f"save {paper.id} --card")
    buttons += [Button("Similar", f"similar {paper.id}"), kept, Button("Share", f"share {paper.id}")]
    buttons.append(Button("More like this", f"more-like {paper.id}"))
    if delivered:
        buttons += [Button("Not this", f"not-this {paper.id}"), Button("Why here?", f"why {paper.id}")]
    facts = facts_of(paper)
    return replace(card, facts=facts, links=links_of(paper), menu=(), opens=None, buttons=tuple(buttons))


def _foremost(people: Sequence[PersonMention]) -> tuple[PersonMention, ...]:
    return tuple(sorted(people, key=lambda one: not one.ping)[:MOST_PEOPLE])


def _abstract_of(paper: Paper) -> str:
    return shorten(" ".join(paper.abstract.split()), LONGEST_ABSTRACT)


def _facts(paper: Paper, *, who: bool = False) -> tuple[str, ...]:
    """What tells papers of a list apart: how they are liked, where they are from, whether there is code.

    With `who` it is also said whose they are, where no institution is known.
    """
    facts = []
    if paper.upvotes > 0:
        facts.append(f"▲ {compact_number(paper.upvotes)}")
    if institution := paper.organization_name or paper.organization:
        facts.append(shorten(institution, LONGEST_TOPIC))
    elif who and paper.authors:
        facts.append(shorten_authors(paper.authors))
    if paper.code_url:
        facts.append(f"code ★ {compact_number(paper.stars)}" if paper.stars else "code")
    if HUGGINGFACE not in paper.sources and (where := paper.venue or next(iter(paper.categories), "")):
        facts.append(shorten(where, LONGEST_VENUE))
    return tuple(facts)


def facts_of(paper: Paper) -> tuple[str, ...]:
    """What is known of a paper in numbers and names."""
    facts = []
    if HUGGINGFACE in paper.sources:
        facts.append(f"▲ {compact_number(paper.upvotes)}")
    if paper.comments:
        facts.append(count_of(paper.comments, "comment"))
    if institution := paper.organization_name or paper.organization:
        facts.append(shorten(institution, LONGEST_TOPIC))
    if paper.categories:
        facts.append(paper.categories[0])
    made = (("model", paper.models), ("dataset", paper.datasets), ("space", paper.spaces))
    facts += [count_of(number, what) for what, number in made if number]
    return tuple(facts)


def links_of(paper: Paper) -> tuple[Link, ...]:
    """Where it can be read, and what belongs to it."""
    page = "arXiv" if paper.is_on_arxiv else shorten(paper.venue, LONGEST_VENUE) or "Page"
    links = [Link(page, paper.abstract_url), Link("PDF", paper.pdf_url)]
    if paper.doi and paper.abstract_url != link_to_doi(paper.doi):
        links.append(Link("DOI", link_to_doi(paper.doi)))
    if HUGGINGFACE in paper.sources:
        links.append(Link("Hugging Face", paper.huggingface_url))
    if paper.code_url:
        links.append(Link(f"Code ★ {compact_number(paper.stars)}" if paper.stars else "Code", paper.code_url))
    if paper.project_url:
        links.append(Link("Project", paper.project_url))
    return tuple(link for link in links if link.url)


def _menu(paper: Paper, *, with_abstract: bool, delivered: bool) -> tuple[Button, ...]:
    """The entries of a card's menu; the first one leads to the card for one person, which has everything else."""
    first = Button("Abstract" if with_abstract and paper.abstract else "More", f"show {paper.id}")
    entries = [first, Button("Similar", f"similar {paper.id}"), Button("Save", f"save {paper.id}")]
    entries.append(Button("Share", f"share {paper.id}"))
    if delivered:
        entries.append(Button("Not this", f"not-this {paper.id}"))
    return tuple(entries)
