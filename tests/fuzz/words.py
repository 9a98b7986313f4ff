"""What people and feeds write into one field: queries, schedules, lines, links, names, text."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from adapters.slack.interactions.command_calls import typed
from adapters.slack.messages.mentions import parse_mention
from bot.channels.channel import ChannelSettings
from bot.commands.channels.setting import LARGEST_LIMIT, SETTINGS, Here
from bot.commands.lines import read_arguments, split_line
from bot.commands.runner import REGISTRY
from bot.digests.excerpts import excerpt, marked, matching_terms
from bot.papers.citations import bibtex, ris, table
from bot.papers.dois import doi_in_link, doi_of, dois_linked
from bot.papers.ids import linked_paper_ids, named_paper_ids, paper_id_of, parse_paper_id
from bot.papers.names import read_names, split_names
from bot.papers.paper import Paper
from bot.papers.references import is_bibliography, references_in
from bot.papers.sources import BUILT_IN
from bot.query.explanations import explain
from bot.query.filters import filters_of, sorted_by, with_filter, without_filter
from bot.query.marking import marks_of, mistake_in
from bot.query.parser import parse
from bot.query.queries import plain_words, wanted_words
from bot.query.syntax import Category, Feature, Has, Not, Number, NumberField, Sort
from bot.schedules.days import parse_day
from bot.schedules.parsing import parse_schedule
from bot.schedules.recurrence import next_occurrence
from bot.schedules.zones import parse_time_zone
from bot.text.cleaning import clean_line, clean_text, without_unseen
from bot.text.readable import readable_text, readable_title, tex_of
from bot.text.shortening import first_sentence, sentences, shorten, split_text
from bot.text.words import terms, words
from storage.channels.channel_rows import SETTINGS_JSON
from tests.fuzz.target import Target, encoded, text_of

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
_HERE = Here(parse_mention=parse_mention, sources=BUILT_IN)
_CHOSEN = (Category("cs.CL"), Number(NumberField.UPVOTES, 20, None), Has(Feature.CODE))

QUERIES = encoded(
    "diffusion distillation", '"mixture of experts" OR llm -survey', "like:(2604.13035 2604.01234)~3/day", "*",
    'about:"plain words"~2/week', "author:\"yann lecun\" cat:cs.* upvotes:>=20 after:2026-01 sort:new", "quant* =word",
    "title:(agent OR agents) -(a OR b) has:code", "what is the best way to train agents?", "C++ β 量子 org:nvidia",
    "doi:10.1101/2026.01.01.123456 source:arxiv stars:1..20 date:2026-04..2026-05", "NOT x AND (y (z))",
)  # fmt: skip
SCHEDULES = encoded(
    "daily 09:00", "weekdays 9:00", "mon,thu 17:30", "monthly 31 09:00", "cron 0 9 * * mon-fri", "hourly", "instant",
    "every monday at 9am", "first monday 09:00", "cron 0 0 29 2 *", "mon-fri 8.30 pm", "Montags um 9 Uhr",
)  # fmt: skip
ZONES = encoded("Europe/Berlin", "berlin", "UTC+2", "GMT-03:30", "new york", "EST", "são paulo", "Etc/GMT+12")
DAYS = encoded(
    "tomorrow", "2026-05-01", "next monday", "in 2 weeks", "1st of may", "may 31 2027", "feb 30", "friday", "in 3 days",
)  # fmt: skip
LINES = encoded(
    *(f"{command.name} {' '.join(command.examples)}" for command in REGISTRY),
    'subscribe "mixture of experts" --min-upvotes 20 --name “x y” --instant', "edit 2 -- --name",
    "/papers schedule daily",
)  # fmt: skip
LINKS = encoded(
    "see https://arxiv.org/abs/2604.13035v2, https://huggingface.co/papers/2604.01234 and 10.1101/2026.01.01.123456",
    "arXiv:astro-ph/0601001 [cs.CL]", "@article{x, eprint={2604.13035}, doi = {10.48550/arXiv.2604.13035}}",
    "TY  - JOUR\nTI  - A\nDO  - 10.1/x\nER  - ", "<https://arxiv.org/abs/2604.13035|arxiv.org> <@U0|ada> &lt;x&gt;",
    "https://doi.org/10.1038/s41586-021-03819-2?x=(1)", "https://www.biorxiv.org/content/10.1101/2026.01.01v1.full",
)  # fmt: skip
TEXTS = encoded(
    r"Learning $\mathcal{L}_{x^2}$ with \emph{sparse} attention: \'Etude \textbf{of} $O(n \log n)$ &amp; more",
    "We study agents. It works, e.g. in Fig. 2! Dr. A et al. show <b>why</b> &lt;i&gt;that&lt;/i&gt; is so… 量子。",
    r"{\"o}\ss \c{c} $\frac{a}{b}\sqrt{2}$ \begin{equation} x \end{equation} \url{https://x.y}",
    "C++ naïve ﬁne Straße ΩΜΕΓΑ",
)  # fmt: skip
VALUES = encoded(
    "limit 7", "style cards", "order fit", "abstracts on", "mention @here", "sources hf arxiv", "sources all",
    "quiet-days sat, sundays 2026-12-24", "quiet-days weekend", "announce-changes auto", "mention none",
)  # fmt: skip
NAMES = encoded(
    "Yann LeCun and Geoffrey E. Hinton, Jr.", "Hinton, Geoffrey; van der Waals, J. D.",
    "The ATLAS Collaboration: A. B, C",
    r"Schr{\"o}dinger, Erwin (ETH Z\"urich) and 李飞飞", "Nguyễn Văn A, X. Y.-Z. O'Brien III",
)  # fmt: skip


def read_query(data: bytes) -> None:
    query = parse(text_of(data))
    again = parse(query.text)
    assert again.text == query.text, (query.text, again.text)
    explain(query)
    plain_words(query)
    wanted_words(query, inflected=True)


def read_schedule(data: bytes) -> None:
    schedule = parse_schedule(text_of(data))
    assert parse_schedule(schedule.text) == schedule, schedule
    assert schedule.described
    if not schedule.is_instant:
        due = next_occurrence(schedule, ZONE, NOON)
        assert due is None or due > NOON


def read_zone(data: bytes) -> None:
    zone = parse_time_zone(text_of(data))
    assert ZoneInfo(str(zone)) == zone


def read_day(data: bytes) -> None:
    assert parse_day(text_of(data), date(2026, 3, 28)).year >= 1


def read_line(data: bytes) -> None:
    name, rest = split_line(text_of(data))
    read_arguments(REGISTRY.get(name), rest)


def read_links(data: bytes) -> None:
    text = typed(text_of(data))
    for found in (*linked_paper_ids(text), *named_paper_ids(text)):
        assert paper_id_of(found) == found, found
    if (known := paper_id_of(text)) is not None:
        assert paper_id_of(known) == known, known
    doi_of(text)
    doi_in_link(text)
    dois_linked(text)
    is_bibliography(text)
    references_in(text)
    parse_paper_id(text)


def read_text(data: bytes) -> None:
    text = text_of(data)
    assert len(clean_line(text, 80)) <= 80
    assert len(clean_text(text, 500)) <= 500
    abstract = readable_text(text, 3000)
    assert len(abstract) <= 3000
    without_unseen(text)
    words(text)
    terms(text)
    sentences(abstract)
    assert len(shorten(abstract, 100)) <= 100
    assert len(first_sentence(abstract, 120)) <= 120
    assert all(0 < len(piece) <= 50 for piece in split_text(abstract, 50))


def read_typing(data: bytes) -> None:
    """What is shown of a query while somebody writes it."""
    text = text_of(data)
    marks, end = marks_of(text), 0
    for mark in marks:
        assert end <= mark.start < mark.end <= len(text), marks
        end = mark.end
    mistake = mistake_in(text)
    if mistake is not None:
        assert 0 <= mistake.start <= mistake.end <= len(text), mistake
        assert mistake.sentence
        return
    query = parse(text)
    for chosen in (*_CHOSEN, *filters_of(query)):
        if not isinstance(chosen, Not):
            parse(with_filter(text, query, chosen))
        parse(without_filter(text, query, chosen))
    for sort in Sort:
        assert parse(sorted_by(text, query, sort)).sort is sort


def read_setting(data: bytes) -> None:
    """A line is a setting and its value, which is read, shown, and read again as it is shown."""
    key, _, value = text_of(data).partition(" ")
    setting = SETTINGS.get(key) or list(SETTINGS.values())[len(data) % len(SETTINGS)]
    settings = setting.read(ChannelSettings(), value, _HERE)
    assert setting.show(settings)
    assert 1 <= settings.limit <= LARGEST_LIMIT
    if setting.key != "mention":
        assert setting.read(settings, setting.typed(settings), _HERE) == settings, setting.typed(settings)
    SETTINGS_JSON.validate_json(SETTINGS_JSON.dump_json(settings))


def read_excerpt(data: bytes) -> None:
    query, _, text = text_of(data).partition("\n")
    parse(query)
    for spans in (excerpt(query, text[:80], text[80:300], text), marked(query, text)):
        assert all(span.text for span in spans)
    assert "".join(span.text for span in marked(query, text)) == text
    matching_terms(query, text)


def read_tex(data: bytes) -> None:
    text = text_of(data)
    title = readable_title(text, 300)
    assert len(title) <= 300
    assert "\n" not in title
    assert len(tex_of(text, 300)) <= 300


def read_authors(data: bytes) -> None:
    text = text_of(data)
    names = read_names(split_names(text))
    paper = Paper(
        id="2604.13035", title=readable_title(text, 300), title_tex=tex_of(text, 300), authors=tuple(names[:50])
    )
    for name in names:
        assert name.written.strip()
    bibtex([paper])
    ris([paper])
    table([paper])


TARGETS = (
    Target("query", read_query, lambda: QUERIES),
    Target("schedule", read_schedule, lambda: SCHEDULES),
    Target("zone", read_zone, lambda: ZONES),
    Target("day", read_day, lambda: DAYS),
    Target("line", read_line, lambda: LINES),
    Target("links", read_links, lambda: LINKS),
    Target("typing", read_typing, lambda: QUERIES),
    Target("setting", read_setting, lambda: VALUES),
    Target("excerpt", read_excerpt, lambda: [query + b"\n" + text for query in QUERIES[:6] for text in TEXTS]),
    Target("text", read_text, lambda: TEXTS),
    Target("tex", read_tex, lambda: [*TEXTS, *NAMES]),
    Target("authors", read_authors, lambda: NAMES),
)
