"""Reading a command's line: options anywhere, quotes of all kinds, and a sentence for every mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.channels.settings import configure_line
from bot.commands.lines import read_arguments, split_line
from bot.commands.runner import REGISTRY
from bot.errors import UserError
from bot.text.cleaning import without_unseen
from bot.topics.forms import line_of, marks_of
from bot.topics.store import TopicOptions


def read(line: str) -> dict[str, str | int]:
    name, rest = split_line(line)
    return dict(read_arguments(REGISTRY.get(name, rest), rest).values)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("subscribe diffusion distillation", {"query": "diffusion distillation"}),
        ("/papers subscribe diffusion", {"query": "diffusion"}),
        ("SUBSCRIBE diffusion", {"query": "diffusion"}),
        ("subscribe --min-upvotes 20 diffusion", {"query": "diffusion", "min-upvotes": 20}),
        ("subscribe diffusion --min-upvotes=20 --instant", {"query": "diffusion", "min-upvotes": 20, "instant": 1}),
        ("subscribe diffusion —min-upvotes 20", {"query": "diffusion", "min-upvotes": 20}),
        ('subscribe llm --name "Language models" -survey', {"query": "llm  -survey", "name": "Language models"}),
        ("subscribe llm --name “Language models”", {"query": "llm", "name": "Language models"}),
        ('subscribe "what -- is --this"', {"query": '"what -- is --this"'}),
        ("subscribe llm —survey", {"query": "llm —survey"}),
        ("edit 2 diffusion -survey", {"topic": "2", "query": "diffusion -survey"}),
        ("edit 2", {"topic": "2"}),
        ("settings\tquiet-days  sat, sun", {"key": "quiet-days", "value": "sat, sun"}),
        ("history 30", {"count": 30}),
        ("subscribe --min-upvotes 2 -- --backfill 5 llm", {"query": "--backfill 5 llm", "min-upvotes": 2}),
        ("edit 2 --name none -- a -- b", {"topic": "2", "name": "none", "query": "a -- b"}),
        ("trending MONTH", {"period": "month"}),
        ("pause until 2026-12-24", {"until": "until 2026-12-24"}),
        ("topics", {}),
        ("subscribe diffusion --name 'My topic'", {"query": "diffusion", "name": "My topic"}),
        ("subscribe agents --name ‘My agents’", {"query": "agents", "name": "My agents"}),
        ("subscribe agents --name ‚Meine‘", {"query": "agents", "name": "Meine"}),
        ("subscribe agents --name 「私の、話題」", {"query": "agents", "name": "私の、話題"}),
        ("subscribe agents --name 'Ann's topic'", {"query": "agents", "name": "Ann's topic"}),
        ("subscribe agents --name Ann's -survey", {"query": "agents  -survey", "name": "Ann's"}),
        ("subscribe don't panic --name ‘x’ it's", {"query": "don't panic  it's", "name": "x"}),
        ("subscribe llm －－min-upvotes ２０", {"query": "llm", "min-upvotes": 20}),
        ("subscribe llm −−min-upvotes “20”", {"query": "llm", "min-upvotes": 20}),
        ("subscribe llm ——min-upvotes=20", {"query": "llm", "min-upvotes": 20}),
        ("ｓｅａｒｃｈ cat：cs.CL", {"query": "cat:cs.CL"}),
        ("search\u3000cat：cs.CL", {"query": "cat:cs.CL"}),
        ("`search diffusion`", {"query": "diffusion"}),
        ("\u200bsearch\u200b diffusion", {"query": "diffusion"}),
        ("trending ‘month’", {"period": "month"}),
        ("history 「30」", {"count": 30}),
    ],
)
def test_a_line_is_understood(line: str, values: dict[str, str | int]) -> None:
    assert read(line) == values


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("serach x", "There is no command `serach`. Did you mean `/papers search`?"),
        ("xyzzy", "There is no command `xyzzy`. To find papers write `/papers search xyzzy`."),
        ("hello", "To find papers write `/papers search hello`. `/papers help` lists all commands."),
        ("diffusion (image OR video)", "write `/papers search diffusion (image OR video)`."),
        ("what is new?", "write `/papers search what is new?`. `/papers today` has what is new."),
        ("search", "`/papers search` needs what to look for."),
        ("subscribe x --min-votes 3", "Did you mean `--min-upvotes`?"),
        ("subscribe x --min-upvotes", "`--min-upvotes` needs a value"),
        ("subscribe x --min-upvotes many", "“many” does not fit MIN-UPVOTES: write a number from 0 to 1,000,000."),
        ("subscribe x --min-upvotes ²", "“²” does not fit"),
        ("subscribe x --backfill 51", "write a number from 1 to 50"),
        ("subscribe x --instant --instant", "`--instant` is there twice"),
        ("subscribe x --instant=yes", "`--instant` stands alone"),
        ("history ten", "“ten” does not fit COUNT"),
        ("history 99999999999999999999", "write a number from 1 to 50"),
        ("trending year", "Say one of `day`, `week`, `month`."),
        ("topics please", "`/papers topics` takes nothing after it."),
        ("topics --all", "`/papers topics` has no option `--all`"),
    ],
)
def test_a_mistake_gets_a_sentence(line: str, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        read(line)
    assert sentence in str(caught.value)


def test_a_mistake_says_which_option_it_is_about() -> None:
    for line, about in (("subscribe x --backfill 51", "backfill"), ("trending year", "period"), ("search", "")):
        with pytest.raises(UserError) as caught:
            read(line)
        assert caught.value.about == about


@given(st.text(max_size=80))
def test_no_line_breaks_the_reader(rest: str) -> None:
    for command in REGISTRY:
        try:
            read_arguments(command, rest)
        except UserError as error:
            assert str(error)


@given(st.lists(st.text("-—−a\"“'`= ", min_size=1).map(str.strip).filter(bool), min_size=1, max_size=4).map(" ".join))
def test_the_line_of_a_form_leaves_its_query_as_it_was_written(query: str) -> None:
    words = " ".join(query.split())
    assert read(line_of(TopicOptions(query=query))) == read(f"subscribe -- {words}")
    assert read(line_of(TopicOptions(query=query), number=2))["query"] == read(f"edit 2 -- {words}")["query"]


def test_only_what_could_be_an_option_ends_the_options() -> None:
    assert line_of(TopicOptions(query="agents -survey")) == "subscribe agents -survey"
    assert line_of(TopicOptions(query="agents --survey")) == "subscribe -- agents --survey"
    assert line_of(TopicOptions(query="—name x")) == "subscribe -- —name x"


def test_every_command_has_an_example_that_it_understands() -> None:
    for command in REGISTRY:
        assert command.examples, command.name
        for example in command.examples:
            name, rest = split_line(example)
            assert name == command.name
            read_arguments(command, rest)


@given(st.text(max_size=80) | st.text("“”„«»'\"’-- ina", max_size=40))
def test_what_is_put_in_quotes_stays_one_value(written: str) -> None:
    name = " ".join(without_unseen(written).split())
    if name:
        values = read(line_of(TopicOptions(query="hares", name=name)))
        assert set(values) == {"query", "name"}
        assert [sign for sign in str(values["name"]) if sign.isalnum()] == [sign for sign in name if sign.isalnum()]
        assert len(str(values["name"])) == len(name)
        values = read(configure_line({"mention": name, "limit": "7"}))
        assert (set(values), values["limit"]) == ({"mention", "limit"}, "7")


TOPIC_OPTIONS = st.builds(
    TopicOptions,
    query=st.sampled_from(("hares", "hares -survey", "-- tortoises")),
    name=st.sampled_from(("", "Fast", "No", "none", "off")),
    min_upvotes=st.sampled_from((None, 3, 10)),
    instant=st.booleans(),
)


@given(TOPIC_OPTIONS, TOPIC_OPTIONS)
def test_a_form_says_what_is_not_as_it_began(begun: TopicOptions, filled: TopicOptions) -> None:
    line = line_of(filled, number=2, marks=marks_of(begun), min_upvotes=str(filled.min_upvotes or ""))
    values = read(line)
    assert values.pop("topic") == "2"
    expected: dict[str, str | int] = {}
    if filled.query != begun.query:
        expected["query"] = filled.query
    if filled.name != begun.name:
        expected["name"] = filled.name or "none"
    if filled.min_upvotes != begun.min_upvotes:
        expected["min-upvotes"] = filled.min_upvotes or 0
    if filled.instant != begun.instant:
        expected["instant"] = "on" if filled.instant else "off"
    assert values == expected


@pytest.mark.parametrize("marks", ["", "of another version"])
def test_a_form_that_remembers_nothing_says_everything(marks: str) -> None:
    assert set(read(line_of(TopicOptions(query="hares"), number=2, marks=marks))) == {
        "topic",
        "query",
        "name",
        "min-upvotes",
        "instant",
    }
