"""What people type on phones and other keyboards is understood, or refused with what to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.help import LANGUAGE
from bot.papers.paper import Paper
from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.text.readable import readable
from bot.topics.matcher import matches
from tests.core import Core
from tests.sources import a_paper


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("schedule “weekdays 09:00”", "every weekday at 09:00"),
        ("schedule daily 09：00", "every day at 09:00"),
        ("schedule 'mon,thu 17:30'", "on Mondays and Thursdays at 17:30"),
        ("schedule monthly last friday 9:00", "on the last Friday of the month"),
        ("settings style “compact”", "compact"),
        ("settings ‘style’ «compact»", "compact"),
        ("settings quiet-days “sat,sun”", "sat, sun"),
        ("settings quiet-days “sat”、„sun“", "sat, sun"),
        ("settings limit ２０", "20"),
        ("settings limit '20'", "20"),
        ("settings abstracts 「on」", "on"),
        ("settings sources “arxiv”", "arXiv"),
        ("timezone “Europe/Berlin”", "Europe/Berlin"),
        ("subscribe cat：cs.CL", "cs.CL"),
        ("subscribe title：agent", "agent"),
        ("subscribe agents --name ‘My agents’", "papers with agents"),
        ("pause until “2026-12-24”", "24"),
        ("pause “until 2026-12-24”", "24"),
    ],
)
async def test_quotes_and_full_width_forms_are_taken_for_what_they_are(core: Core, line: str, part: str) -> None:
    assert part in await core.say(line)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("timezone EST", "`EST` knows no summer time. Write `America/New_York`."),
        ("schedule twice a day", "`twice a day` does not say when. Write for example `cron 0 9,17 * * *`."),
        ("schedule once a week", "On which day of the week?"),
        ("search http://fast.ai", "A link is not searched for."),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_what_to_write(core: Core, line: str, sentence: str) -> None:
    assert sentence in await core.refused(line)


@pytest.mark.parametrize(
    "written",
    [
        *("https://doi.org/10.48550/arXiv.2605.00001", "doi:10.48550/arXiv.2605.00001", "arXiv:2605.00001 [math.AP]"),
        *("http://arxiv.org/abs/2605.00001v2", "“2605.00001”", "oai:arXiv.org:2605.00001"),
    ],
)
async def test_a_paper_is_shown_however_it_is_named(core: Core, written: str) -> None:
    await core.news(a_paper(1))
    for command in ("show", "save", "search"):
        assert "2605.00001" in str((await core.ask(f"{command} {written}")).message), command


@pytest.mark.parametrize("line", ["help query", "help queries", "help QUERY", "help “query”"])
async def test_help_explains_the_language(core: Core, line: str) -> None:
    words = await core.say(line)
    for examples, meaning in LANGUAGE:
        assert meaning in words
        for example in examples:
            assert example in words
    assert "/papers help query" in await core.say("help")
    assert "/papers help query" in await core.say("help subscribe")


@pytest.mark.parametrize("example", [example for examples, _ in LANGUAGE for example in examples])
def test_every_example_of_the_language_works(example: str) -> None:
    assert parse(example).text


PIECES = st.sampled_from([
    *("FG$^2$", "CO$_2$", "$\\beta$-VAE", 'Schr\\"odinger', "Fr\\'echet", 'na\\"ive', "$O(n^2)$", "R&amp;D", "~a"),
    *("p &lt; 0.05", "<i>E. coli</i>", "H<sub>2</sub>O", "fine-tuning", "\\emph{new}", "3--7", "$\\alpha$", "{\\L}ódź"),
    *("$\\mathbb{R}^d$", "10$^{th}$", "caf\u00e9", "cafe\u0301", "\ufb01ne", "\u00adsoft", "学習", "x_i", "50\\%"),
])  # fmt: skip
TITLES = st.lists(PIECES | st.text(max_size=8), min_size=1, max_size=5).map(" ".join)


@given(TITLES)
def test_words_that_are_shown_are_words_that_are_found(raw: str) -> None:
    paper = Paper(id="2605.00001", title=readable(raw))
    for word in paper.title.split():
        try:
            query = parse(f'title:"{word}"')
        except QueryError:
            continue  # a sign alone, or a quote
        assert matches(query, paper), word


@given(TITLES)
def test_a_title_that_was_read_reads_the_same(raw: str) -> None:
    assert readable(readable(raw)) == readable(raw)
