"""Messages for tests of rendering: hostile ones at random, and papers as long as they come."""

from __future__ import annotations

from hypothesis import strategies as st

from bot.messages.message import (
    Block,
    Button,
    Buttons,
    Code,
    Divider,
    Document,
    Heading,
    Items,
    Link,
    Message,
    Note,
    PaperBlock,
    Paragraph,
    PersonMention,
    Span,
    Thumbs,
)

KEY = "0123456789abcdef01234567"
HOSTILE = [
    "@everyone @here <@1234567890123456789> <@&1234567890123456789> <#123> </papers:1>",
    "**bold** __under__ ~~gone~~ ||hidden|| `code` ```block```",
    "[click](https://evil.example) https://evil.example <https://evil.example> discord.gg/abc",
    "# heading\n> quote\n- item\n1. item\n-# small",
    "\u202eright to left\u202c zero\u200bwidth \x00\x07 bell",
    "\\*not escaped\\* \\\\",
    ":smile: <:custom:123> <t:0:R>",
]

anything = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=60), st.text("*_[]()<>@😀\\ab ", max_size=4000), st.just("")
)
addresses = st.one_of(
    st.sampled_from(
        [
            "https://arxiv.org/abs/2604.13035",
            "https://huggingface.co/papers/2604.13035",
            "javascript:alert(1)",
            'https://example.org/a(b)c d"e<f>',
            "http://[::1",
            "//example.org",
            "https://user@example.org/",
            f"https://example.org/{'x' * 3000}",
        ]
    ),
    anything,
)
span = st.builds(
    Span, anything, bold=st.booleans(), italic=st.booleans(), code=st.booleans(), url=st.one_of(st.just(""), addresses)
)
line = st.lists(span, min_size=1, max_size=4).map(tuple)
button = st.builds(Button, anything, st.one_of(st.just("similar 2604.13035"), anything))
buttons = st.lists(button, max_size=6).map(tuple)
people = st.sampled_from(["123456789012345678", "223456789012345678", "@everyone", ""])
paper = st.builds(
    PaperBlock,
    paper_id=st.just("2604.13035"),
    title=anything,
    url=addresses,
    summary=anything,
    snippet=st.one_of(st.just(()), line),
    byline=anything,
    abstract=anything,
    facts=st.lists(anything, max_size=4).map(tuple),
    links=st.lists(st.builds(Link, anything, addresses), max_size=6).map(tuple),
    topics=st.lists(anything, max_size=3).map(tuple),
    thumbnail_url=addresses,
    reason=st.one_of(st.just(()), line),
    thumbs=st.one_of(st.none(), st.builds(Thumbs, st.sampled_from(["2604.13035", "x" * 120]), st.integers(0, 2000))),
    menu=buttons,
    opens=st.one_of(st.none(), button),
    buttons=st.one_of(st.just(()), buttons),
    compact=st.booleans(),
    people=st.lists(st.builds(PersonMention, people, anything, st.booleans()), max_size=3).map(tuple),
)
block: st.SearchStrategy[Block] = st.one_of(
    st.builds(Heading, anything),
    st.builds(Paragraph, line),
    st.builds(Note, line),
    st.builds(Code, anything),
    st.builds(Document, name=st.just("x.bib"), text=anything),
    st.builds(Items, st.lists(line, max_size=8).map(tuple)),
    st.just(Divider()),
    st.builds(Buttons, buttons),
    paper,
)
messages = st.builds(
    Message,
    summary=anything,
    blocks=st.lists(block, max_size=20).map(tuple),
    mention=st.sampled_from(["", "@everyone", "<@&123456789012345678>", "<@123456789012345678>"]),
)


def long_paper(number: int, *, compact: bool = False, abstract: bool = False) -> PaperBlock:
    """As long as the core makes them, with all that must be escaped."""
    identifier = f"2604.{number:05}"
    return PaperBlock(
        paper_id=identifier,
        title=f"{number} " + "*x" * 148,
        url=f"https://huggingface.co/papers/{identifier}",
        summary="_y" * 140,
        byline="Zoë [A], " * 12,
        abstract="abstract *" * 250 if abstract else "",
        facts=("▲ 112", "9 comments", "O" * 60, "cs.CL"),
        links=tuple(Link(name, f"https://example.org/{'z' * 60}") for name in ("arXiv", "PDF", "Code", "Project")),
        topics=("t" * 60, "u" * 60),
        thumbnail_url="https://cdn.example.org/x.png",
        buttons=()
        if compact
        else (Button("Abstract", f"abstract {identifier}"), Button("Similar", f"similar {identifier}")),
        compact=compact,
    )
