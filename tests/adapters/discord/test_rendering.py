"""What Discord gets to see: within all limits, with nothing in it that the core did not mean."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord.messages.colours import DEFAULT, PALETTE, colour_of
from adapters.discord.messages.components import custom_id_of, texts_of
from adapters.discord.messages.embeds import Payload
from adapters.discord.messages.markers import can_be_marked, has_marker
from adapters.discord.messages.markup import escaped, length, link, spans, unmarked, usable_url
from adapters.discord.messages.mentions import parse_mention
from adapters.discord.messages.rendering import LINES_PER_MESSAGE, Form, render, render_all
from bot.errors import UserError
from bot.messages.message import (
    Block,
    Button,
    Buttons,
    Code,
    Document,
    Heading,
    Message,
    Note,
    PaperBlock,
    Paragraph,
    Span,
)
from tests.adapters.discord.messages import HOSTILE, KEY, long_paper, messages, span
from tests.simulators.discord_schema import SCHEMA, needs_schema, size_problems


def check(payload: Payload) -> None:
    """Discord's limits, those included that its schema does not say."""
    assert size_problems(payload) == []
    if "flags" in payload:
        return
    embeds = payload.get("embeds", [])
    assert len(embeds) <= 10
    for embed in embeds:
        texts = [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
        assert any(text.strip() for text in texts)
        assert length(texts[0]) <= 256
        assert length(texts[1]) <= 4096
    assert embeds or payload.get("content", "").strip()


@settings(max_examples=80, deadline=None)
@given(messages)
def test_every_message_fits_in_every_form(message: Message) -> None:
    for form in Form:
        check(render(message, key=KEY, form=form).payload)
    for part in (*render_all(message), *render_all(message, form=Form.EMBEDS)):
        check(part.payload)


@needs_schema
@settings(max_examples=40, deadline=None)
@given(messages)
def test_every_message_is_what_discord_describes(message: Message) -> None:
    for part in (render(message, key=KEY, form=form) for form in Form):
        assert SCHEMA.problems("MessageCreateRequest", part.payload) == []


@given(messages)
@settings(max_examples=100, deadline=None)
def test_nobody_is_pinged_but_the_role_that_was_chosen_and_people_who_asked_for_it(message: Message) -> None:
    role = message.mention == "<@&123456789012345678>"
    asked = {one.id for block in message.blocks if isinstance(block, PaperBlock) for one in block.people if one.ping}
    people = sorted(one for one in asked if one.isdigit())
    for form in Form:
        payload = render(message, form=form).payload
        allowed = payload["allowed_mentions"]
        assert (allowed["parse"], allowed.get("roles", [])) == ([], ["123456789012345678"] if role else [])
        assert sorted(allowed.get("users", [])) == people
        said = payload.get("content", "") + "".join(texts_of(payload.get("components", [])))
        assert all(f"<@{person}>" in said for person in people)


def shown(markdown: str) -> str:
    """What is left of escaped text when Discord has read it."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", markdown)


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=80)))
def test_escaped_text_reads_as_it_was_written(text: str) -> None:
    written = escaped(text, 10_000)
    bare = re.sub(r"\\.", "", written)
    assert not set(bare) & set("*_~`|[]<>@#\\")
    assert not re.search(r"(?<!\\):(?://|[\w+~-]+:)", written)
    kept = re.sub(
        "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+", " ", text
    )
    assert shown(written) == " ".join(kept.split())


@given(st.one_of(st.sampled_from(HOSTILE), st.text("a*_[](){}<>@#:/`~|\\😀 ", max_size=60)), st.integers(0, 80))
def test_a_label_is_no_markdown_and_shows_no_backslash_that_was_not_there(text: str, limit: int) -> None:
    label = unmarked(text, limit)
    assert length(label) <= limit
    assert not set(label) & set("*_~`|[]<>")
    assert label.count("\\") <= text.count("\\")
    assert not re.search(r":(?://|[\w+~-]+:)|@[\w&!]", label)


@given(st.text("a*😀\\", max_size=50), st.integers(0, 60))
def test_a_cut_never_splits_an_escape(text: str, limit: int) -> None:
    written = escaped(text, limit)
    assert length(written) <= limit
    assert (len(written) - len(written.rstrip("\\"))) % 2 == 0


@pytest.mark.parametrize("invitation", ["discord.gg/abc", "Discord.com/invite/abc", "https://discordapp.com/gifts/abc"])
def test_no_paper_invites_to_a_server(invitation: str) -> None:
    title = f"Join {invitation} now"
    paper = replace(long_paper(0), title=title, summary=title, byline=title, reason=(Span(title),), facts=(title,))
    for form in Form:
        sent = str(render(Message(summary=title, blocks=(paper,)), form=form).payload)
        assert "Join" in sent
        assert not re.search(r"discord(app)?\.(gg|com)", sent, re.IGNORECASE)
    assert re.sub(r"\\(?=[.:])", "", escaped(title, 100)) == title
    assert unmarked(title, 100).replace("\u200b", "") == title


def test_lists_and_quotations_at_the_beginning_are_text() -> None:
    assert escaped("- one", 99) == "\\- one"
    assert escaped("12. one", 99) == "12\\. one"
    assert escaped("3) one", 99) == "3\\) one"
    assert escaped("> one", 99) == "\\> one"
    assert escaped("# one", 99) == "\\# one"
    assert escaped("GPT-4 and 1.5", 99) == "GPT-4 and 1.5"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "ftp://example.org", "https://user:word@example.org", "https://127.0.0.1/x", "http://[::1"],
)
def test_what_is_no_address_of_the_web_is_no_link(url: str) -> None:
    assert usable_url(url) == ""
    assert link("title", url, 100) == "title"


def test_an_address_cannot_leave_its_link() -> None:
    assert link("a](b", "https://example.org/x)y z", 100) == "[a)(b](https://example.org/x%29y%20z)"


@given(st.lists(span, max_size=5), st.integers(0, 300))
@settings(deadline=None)
def test_spans_never_take_more_room_than_there_is(parts: list[Span], limit: int) -> None:
    assert length(spans(parts, limit)) <= limit


def test_the_abstract_is_cut_before_the_summary_and_the_title_never_loses_its_beginning() -> None:
    papers = tuple(replace(long_paper(n, abstract=True), summary=f"summary {n}", byline="Ada") for n in range(5))
    payload = render(Message(summary="x", blocks=papers), form=Form.EMBEDS).payload
    for number, embed in enumerate(payload["embeds"]):
        assert embed["title"].startswith(f"{number + 1} · {number} ")
        assert f"summary {number}\nAda\n\nabstract" in embed["description"]
        assert "…" in embed["description"]


def test_a_part_of_the_abstract_shows_what_was_found_in_bold_and_is_cut_after_the_abstract() -> None:
    snippet = (Span("… a *fast* "), Span("diffusion", bold=True), Span(" <@1> model …"))
    card = replace(long_paper(1), summary="A summary.", byline="Ada", snippet=snippet, facts=(), links=(), topics=())
    [embed] = render(Message(summary="x", blocks=(card,)), form=Form.EMBEDS).embeds
    assert embed["description"] == ("A summary.\n… a \\*fast\\* **diffusion** \\<\\@1\\> model …\nAda")
    long = replace(card, abstract="abstract " * 300, snippet=(*snippet, Span("x" * 400)))
    for embed in render(Message(summary="x", blocks=(long,) * 5), form=Form.EMBEDS).embeds:
        assert "A summary.\n… a" in embed["description"]
        assert "x" * 400 in embed["description"]
    longer = replace(long, snippet=(Span("x" * 4000),))
    for embed in render(Message(summary="x", blocks=(longer,) * 5), form=Form.EMBEDS).embeds:
        assert "abstract" not in embed["description"]
        assert "A summary.\nx" in embed["description"]
        assert "Ada" in embed["description"]


def test_every_topic_has_its_colour_and_keeps_it() -> None:
    assert colour_of("Diffusion  distillation") == colour_of("diffusion distillation")
    assert len({colour_of(f"topic {number}") for number in range(100)}) == len(PALETTE)
    cards = tuple(replace(long_paper(n), topics=(topic,)) for n, topic in enumerate(("agents", "quant*")))
    several = Message(summary="x", blocks=(Heading("2 new papers"), *cards), topics=("a", "b"))
    head, *embeds = render(several, form=Form.EMBEDS).embeds
    assert [embed["color"] for embed in embeds] == [colour_of("agents"), colour_of("quant*")]
    assert head["color"] == DEFAULT
    untold = tuple(replace(card, topics=()) for card in cards)
    one = Message(summary="x", blocks=(Heading("2 new papers"), *untold), topics=("agents",))
    assert {embed["color"] for embed in render(one, form=Form.EMBEDS).embeds} == {colour_of("agents")}
    assert [render(message).components[-1]["accent_color"] for message in (one, several)] == [
        colour_of("agents"),
        DEFAULT,
    ]


def test_a_document_is_a_file_where_there_can_be_one_and_else_cut_at_an_empty_line() -> None:
    entry = "@article{key,\n  title = {T},\n}\n\n"
    message = Message(summary="x", blocks=(Paragraph((Span("2 papers"),)), Document(name="x.bib", text=entry * 400)))
    [part] = render_all(message, files=True)
    assert [file.name for file in part.files] == ["x.bib"]
    assert "article" not in str(part.embeds)
    shown = "".join(embed["description"] for part in render_all(message) for embed in part.embeds)
    assert shown.rstrip("`\n").endswith("}…")


def test_what_is_written_from_right_to_left_does_not_turn_the_facts_around() -> None:
    paper = PaperBlock(paper_id="1", title="دراسة شاملة", url="https://arxiv.org/abs/1", facts=("▲ 60",), compact=True)
    [embed] = render(Message(summary="x", blocks=(paper,)), form=Form.EMBEDS).embeds
    assert embed["description"] == "• [دراسة شاملة](https://arxiv.org/abs/1)\u200e · ▲ 60"


def test_a_long_answer_goes_on_in_further_messages() -> None:
    papers = tuple(long_paper(number, abstract=True) for number in range(12))
    message = Message(summary="x", blocks=(*papers, Buttons((Button("Next", "today --page 2"),))))
    parts = render_all(message, form=Form.EMBEDS)
    shown_papers = [embed["url"] for part in parts for embed in part.embeds]
    assert shown_papers == [one.url for one in papers]
    assert "papers:today --page 2" in str(parts[-1].components)


def test_many_lines_are_one_list() -> None:
    papers = tuple(
        replace(long_paper(number, compact=True), title=f"Paper {number}") for number in range(LINES_PER_MESSAGE)
    )
    embeds = render(Message(summary="x", blocks=papers), form=Form.EMBEDS).embeds
    assert len(embeds) == 1
    assert embeds[0]["description"].count("\n") == LINES_PER_MESSAGE - 1


def test_a_line_too_long_for_a_button_is_said_instead() -> None:
    words = "search " + " OR ".join(f"word{number}" for number in range(12)) + " --page 2"
    assert custom_id_of(words) is None
    payload = render(Message(summary="x", blocks=(Heading("Results"), Buttons((Button("Next", words),))))).payload
    assert "components" not in payload
    assert f"`/papers {words}`" in payload["embeds"][0]["description"]


def test_buttons_that_do_not_fit_become_menus_of_papers_and_paging_stays() -> None:
    kinds = ("Abstract", "Similar", "Save", "Share to channel")
    papers = tuple(
        replace(long_paper(n), buttons=tuple(Button(kind, f"{kind.split()[0].lower()} {n}") for kind in kinds))
        for n in range(10)
    )
    paging = Buttons((Button("‹ Back", "search x --page 1"), Button("Next ›", "search x --page 3")))
    payload = render(Message(summary="x", blocks=(*papers, paging)), form=Form.EMBEDS).payload
    check(payload)
    *menus, last = payload["components"]
    assert [row["components"][0]["placeholder"] for row in menus] == [f"{kind} …" for kind in kinds]
    assert [one["value"] for one in menus[2]["components"][0]["options"]] == [f"save {n}" for n in range(10)]
    assert menus[0]["components"][0]["options"][1]["label"].startswith("2 · 1 *x*x")
    assert [one["label"] for one in last["components"]] == ["‹ Back", "Next ›"]


def test_buttons_of_the_same_name_say_what_they_are_about() -> None:
    def topics(count: int) -> list[Block]:
        return [
            block
            for n in range(1, count)
            for block in (
                Paragraph((Span(f"{n}. diffusion {n}"),)),
                Note((Span("Papers with diffusion"),)),
                Buttons((Button("Edit", f"edit {n}"), Button("Remove", f"unsubscribe {n}"))),
            )
        ]

    few = render(Message(summary="x", blocks=(Heading("Topics"), *topics(4)))).components
    assert [one["label"] for row in few for one in row["components"]] == [
        f"{number} · {name}" for number in (1, 2, 3) for name in ("Edit", "Remove")
    ]
    parts = render_all(Message(summary="x", blocks=(Heading("Topics"), *topics(41))))
    options = [
        option["value"]
        for part in parts
        for row in part.components
        for one in row["components"]
        for option in one.get("options", [{"value": one["custom_id"].removeprefix("papers:")}])
    ]
    assert sorted(options) == sorted([f"edit {n}" for n in range(1, 41)] + [f"unsubscribe {n}" for n in range(1, 41)])


def test_a_message_without_a_paper_cannot_be_told_from_others() -> None:
    assert not can_be_marked(Message(summary="x", blocks=(Heading("x"),)))
    assert can_be_marked(Message(summary="x", blocks=(long_paper(1),)))
    assert not has_marker(render(Message(summary="x", blocks=(long_paper(1),)), key=KEY).payload, KEY[::-1])


def test_only_a_role_can_be_mentioned() -> None:
    assert parse_mention(" <@&123456789012345678> ") == "<@&123456789012345678>"
    for refused in ("@everyone", "@here", "<@123456789012345678>", "team", ""):
        with pytest.raises(UserError, match="role"):
            parse_mention(refused)


@pytest.mark.parametrize("text", ["word " * 3000, "x" * 20_000, "🦜\n" * 9000, "line\n\n" * 4000])
def test_long_blocks_never_outgrow_an_embed(text: str) -> None:
    for block in (Code(text), Paragraph((Span(text),)), Document("a.txt", text)):
        for part in render_all(Message(summary="Long", blocks=(block, Note((Span("end"),))))):
            assert sum(length(str(embed.get("description", ""))) for embed in part.embeds) <= 6000
            assert all(length(str(embed.get("description", ""))) <= 4096 for embed in part.embeds)
    (code,) = render_all(Message(summary="Long", blocks=(Code(text),)))[:1]
    assert len(code.embeds[0]["description"]) > 1000
