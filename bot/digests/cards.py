"""Papers as people see them: a card, or a line of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.digests.reasons import reason_in_words
from bot.messages.message import Button, Link, PaperBlock, PersonMention
from bot.papers.dois import link_to_doi
from bot.papers.names import shorten_authors
from bot.papers.paper import Paper
from bot.papers.sources import HUGGINGFACE
from bot.ranking.order import Reason
from bot.reading.votes import Tally, Vote
from bot.text.counting import compact_number, count_of
from bot.text.shortening import first_sentence, shorten

LONGEST_TITLE = 300  # characters; the longest real titles have about 250
LONGEST_SUMMARY = 280
LONGEST_ABSTRACT = 2500
LONGEST_TOPIC = 60
MOST_PEOPLE = 8  # that one card names
LONGEST_VENUE = 30
NO_VOTES = Tally()


def summary_of(paper: Paper) -> str:
    """One sentence about the paper: the feed's own summary, else the first sentence of the abstract."""
    if paper.summary:
        return shorten(paper.summary, LONGEST_SUMMARY)
    return first_sentence(paper.abstract, LONGEST_SUMMARY)


def title_of(paper: Paper) -> str:
    return shorten(paper.title, LONGEST_TITLE)


def paper_card(
    paper: Paper,
    *,
    topics: Sequence[str] = (),
    tally: Tally = NO_VOTES,
    abstract: bool = False,
    buttons: bool = True,
    votes: bool = True,
    compact: bool = False,
    reason: Reason | None = None,
    liked: Mapping[str, Paper] | None = None,
    people: Sequence[PersonMention] = (),
) -> PaperBlock:
    """The neutral block for a paper. `abstract` shows it whole, `compact` makes a line without buttons.

    `tally` are the votes of the channel where it is shown; without `votes` nobody is asked for one. `reason` is why a
    digest shows it, `liked` the papers that reasons are about. `people` are those whom it is for: first those who want
    to be notified, and not more than people would read.
    """
    # Without a summary of its own a paper is introduced by the abstract's first sentence: once is enough.
    summary = "" if abstract and paper.abstract and not paper.summary else summary_of(paper)
    return PaperBlock(
        paper_id=paper.id,
        title=title_of(paper),
        url=paper.url,
        summary=summary,
        reason=() if compact else reason_in_words(reason, paper, liked or {}, paper.abstract if abstract else summary),
        byline=shorten_authors(paper.authors),
        abstract=shorten(" ".join(paper.abstract.split()), LONGEST_ABSTRACT) if abstract else "",
        facts=_facts(paper),
        links=_links(paper),
        topics=tuple(shorten(topic, LONGEST_TOPIC) for topic in topics),
        thumbnail_url=paper.thumbnail_url,
        buttons=() if compact or not buttons else _buttons(paper, tally if votes else None, with_abstract=not abstract),
        compact=compact,
        people=tuple(sorted(people, key=lambda one: not one.ping)[:MOST_PEOPLE]),
    )


def _facts(paper: Paper) -> tuple[str, ...]:
    facts = []
    if HUGGINGFACE in paper.sources:
        facts.append(f"▲ {compact_number(paper.upvotes)}")
    if paper.comments:
        facts.append(count_of(paper.comments, "comment"))
    if paper.organization_name or paper.organization:
        facts.append(shorten(paper.organization_name or paper.organization, LONGEST_TOPIC))
    if paper.categories:
        facts.append(paper.categories[0])
    made = (("model", paper.models), ("dataset", paper.datasets), ("space", paper.spaces))
    facts += [count_of(number, what) for what, number in made if number]
    return tuple(facts)


def _links(paper: Paper) -> tuple[Link, ...]:
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


def _buttons(paper: Paper, tally: Tally | None, *, with_abstract: bool) -> tuple[Button, ...]:
    buttons = [Button("Similar", f"similar {paper.id}"), Button("Save", f"save {paper.id}")]
    if tally is not None:
        buttons += [
            Button(f"👍 {tally.up}" if tally.up else "👍", f"vote {paper.id} {Vote.UP}"),
            Button(f"👎 {tally.down}" if tally.down else "👎", f"vote {paper.id} {Vote.DOWN}"),
        ]
    if with_abstract and paper.abstract:
        buttons.insert(0, Button("Abstract", f"abstract {paper.id}"))
    elif tally is not None:
        buttons.append(Button("Not this", f"not-this {paper.id}"))
    return tuple(buttons)
