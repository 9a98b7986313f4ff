"""What people write, and what the bot understands."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.papers.sources import ARXIV, HUGGINGFACE
from bot.query.errors import QueryError
from bot.query.parser import LONGEST_QUERY, parse
from bot.query.queries import Query
from bot.query.syntax import (
    About,
    And,
    Author,
    Category,
    Days,
    Everything,
    Feature,
    FromSource,
    Has,
    Like,
    Node,
    Not,
    Number,
    NumberField,
    Or,
    Organization,
    PaperId,
    Phrase,
    Prefix,
    Sort,
    Submitter,
    TextField,
    Word,
)
from bot.text.typed import DASHES, QUOTES
from tests.strategies import query_texts, written_queries

TITLE, ABSTRACT = TextField.TITLE, TextField.ABSTRACT


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("diffusion", Word("diffusion")),
        ("Schrödinger", Word("schrodinger")),
        ("diffusion distillation", And((Word("diffusion"), Word("distillation")))),
        ("diffusion AND distillation", And((Word("diffusion"), Word("distillation")))),
        ("fine-tuning", Phrase(("fine", "tuning"))),
        ("gpt-4", Phrase(("gpt", "4"))),
        ("C++", Word("cplusplus")),
        ("(why?)", Word("why")),
        ("robot🤖", Word("robot")),
        ("量子 コンピュータ", And((Phrase(("量", "子")), Phrase(tuple("コンピュータ"))))),
        ('"mixture of experts"', Phrase(("mixture", "of", "experts"))),
        ("“mixture of experts”", Phrase(("mixture", "of", "experts"))),
        ("„mixture of experts“", Phrase(("mixture", "of", "experts"))),
        ("«mixture of experts»", Phrase(("mixture", "of", "experts"))),
        ('"survey"', Word("survey", exact=True)),
        ("=survey", Word("survey", exact=True)),
        ('"gpt4" "模"', And((Word("gpt4"), Word("模")))),  # which have no inflections
        ('="language models"', Phrase(("language", "models"), exact=True)),
        ("=fine-tuned", Phrase(("fine", "tuned"), exact=True)),
        ('title:=agents abstract:="an agent"', And((
            Word("agents", TextField.TITLE, exact=True), Phrase(("an", "agent"), TextField.ABSTRACT, exact=True)
        ))),
        ("扩散*", Phrase(("扩", "散"))),
        ("A*", Word("astar")),
        ('moe"of experts"', And((Word("moe"), Phrase(("of", "experts"))))),
        ('llm OR "language model"', Or((Word("llm"), Phrase(("language", "model"))))),
        ("a OR b c", Or((Word("a"), And((Word("b"), Word("c")))))),
        ("(a OR b) c", And((Or((Word("a"), Word("b"))), Word("c")))),
        ("a or b", And((Word("a"), Word("or"), Word("b")))),
        ("a not b and", And((Word("a"), Word("not"), Word("b"), Word("and")))),
        ('a "OR"', And((Word("a"), Word("or", exact=True)))),
        ("a (b c)", And((Word("a"), Word("b"), Word("c")))),
        ("a OR (b OR c)", Or((Word("a"), Word("b"), Word("c")))),
        ("a A (a)", Word("a")),
        ("a -survey", And((Word("a"), Not(Word("survey"))))),
        ("a NOT survey", And((Word("a"), Not(Word("survey"))))),
        ('a -"case study"', And((Word("a"), Not(Phrase(("case", "study")))))),
        ("a -(b OR c)", And((Word("a"), Not(Or((Word("b"), Word("c"))))))),
        ("a -title:b", And((Word("a"), Not(Word("b", TITLE))))),
        ("-b a", And((Not(Word("b")), Word("a")))),
        ("-(-a)", Word("a")),
        ("(a OR -b) c", And((Or((Word("a"), Not(Word("b")))), Word("c")))),
        ("-(-a OR b)", Not(Or((Not(Word("a")), Word("b"))))),
        ("quant*", Prefix("quant")),
        ("Schrö*", Prefix("schro")),
        ("*", Everything()),
        ("* -survey", And((Everything(), Not(Word("survey"))))),
        ("* upvotes:>5", And((Everything(), Number(NumberField.UPVOTES, 6, None)))),
        ("title:agent", Word("agent", TITLE)),
        ("TITLE:Agent", Word("agent", TITLE)),
        ("abstract:fine-tuning", Phrase(("fine", "tuning"), ABSTRACT)),
        ('title:"a b"', Phrase(("a", "b"), TITLE)),
        ("title:quant*", Prefix("quant", TITLE)),
        ("title:(a OR b)", Or((Word("a", TITLE), Word("b", TITLE)))),
        ('title:(a "b c")', And((Word("a", TITLE), Phrase(("b", "c"), TITLE)))),
        ("title:(a -quant*)", And((Word("a", TITLE), Not(Prefix("quant", TITLE))))),
        ("author:hinton", Author(("hinton",))),
        ('author:"Yann LeCun"', Author(("yann", "lecun"))),
        ("author:Jean-Pierre", Author(("jean", "pierre"))),
        ("cat:cs.cl", Category("cs.CL")),
        ("cat:CS.*", Category("cs.*")),
        ("cat:cs", Category("cs.*")),
        ("cat:hep-th", Category("hep-th")),
        ("cat:physics.atom-ph", Category("physics.atom-ph")),
        ("cat:atom-ph", Category("atom-ph")),
        ("cat:hep-th.*", Category("hep-th")),
        ("cat:(cs.CL OR stat.ml)", Or((Category("cs.CL"), Category("stat.ML")))),
        ("org:NVIDIA", Organization(("nvidia",))),
        ('org:"google deepmind"', Organization(("google", "deepmind"))),
        ("submitter:@AKhaliq", Submitter(("akhaliq",))),
        ("source:arxiv", FromSource(ARXIV)),
        ("source:HF", FromSource(HUGGINGFACE)),
        ("source:huggingface", FromSource(HUGGINGFACE)),
        ("upvotes:>=20", Number(NumberField.UPVOTES, 20, None)),
        ("upvotes:≥20", Number(NumberField.UPVOTES, 20, None)),
        ("stars:>100", Number(NumberField.STARS, 101, None)),
        ("comments:<5", Number(NumberField.COMMENTS, None, 4)),
        ("comments:<=5", Number(NumberField.COMMENTS, None, 5)),
        ("upvotes:=7", Number(NumberField.UPVOTES, 7, 7)),
        ("upvotes:7", Number(NumberField.UPVOTES, 7, 7)),
        ("upvotes:２０", Number(NumberField.UPVOTES, 20, 20)),
        ("upvotes:10..50", Number(NumberField.UPVOTES, 10, 50)),
        ("after:2026-01-01", Days(date(2026, 1, 1), None)),
        ("before:2026-01-01", Days(None, date(2026, 1, 1))),
        ("after:2026-02", Days(date(2026, 2, 1), None)),
        ("date:2026-04", Days(date(2026, 4, 1), date(2026, 5, 1))),
        ("date:2025-12", Days(date(2025, 12, 1), date(2026, 1, 1))),
        ("date:2026", Days(date(2026, 1, 1), date(2027, 1, 1))),
        ("date:2026-4-3", Days(date(2026, 4, 3), date(2026, 4, 4))),
        ("date:2024-02-29..2024-03", Days(date(2024, 2, 29), date(2024, 4, 1))),
        ("has:code", Has(Feature.CODE)),
        ("has:Project", Has(Feature.PROJECT)),
        ("has:model", Has(Feature.MODEL)),
        ("id:2604.13035v2", PaperId("2604.13035")),
        ("id:astro-ph/0601001", PaperId("astro-ph/0601001")),
        ("id:math.GT/0309136v2", PaperId("math/0309136")),
        ("id:https://arxiv.org/abs/2604.13035", PaperId("2604.13035")),
        ("like:2604.13035v2", Like(("2604.13035",))),
        ('about:"plain  words" -survey', And((About("plain words"), Not(Word("survey"))))),
        ("about:“Größe” ~3/week", About("Größe", 3)),
        ("about:(graph neural networks)~1", About("graph neural networks", 7)),
        ("about:agents~20/w OR a", Or((About("agents", 20), Word("a")))),
        ("LIKE:https://arxiv.org/pdf/2604.13035.pdf~3/day", Like(("2604.13035",), 21)),
        ("like:2604.13035 ~3", Like(("2604.13035",), 21)),
        ("like:“2604.13035”～1/week", Like(("2604.13035",), 1)),
        ("like:(2604.13035, <https://hf.co/papers/astro-ph/0601001>)~2/w", Like(("2604.13035", "astro-ph/0601001"), 2)),
        ("like:(2604.13035 2604.13035) -survey", And((Like(("2604.13035",)), Not(Word("survey"))))),
        ("(like:(2604.13035)) OR a -like:1706.03762", Or((
            Like(("2604.13035",)), And((Word("a"), Not(Like(("1706.03762",)))))
        ))),
        ("DreamFusion: Text-to-3D", And((Word("dreamfusion"), Phrase(("text", "to", "3d"))))),
        ("a sort:new", Word("a")),
        ("a\n\tb", And((Word("a"), Word("b")))),
    ],
)  # fmt: skip
def test_what_a_query_means(text: str, root: Node) -> None:
    query = parse(text)
    assert query.root == root
    assert parse(query.text) == query


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("  Diffusion   “Case  Study”  —survey ", 'diffusion "case study" -survey'),
        ("fine-tuning", '"fine tuning"'),
        ("a AND NOT (b c)", "a -(b c)"),
        ("(a (b OR c))", "a (b OR c)"),
        ("title:(a OR b c)", "title:a OR title:b title:c"),
        ("upvotes:>19 stars:5..5", "upvotes:>=20 stars:=5"),
        ("date:2026-04-01..2026-04-30", "date:2026-04"),
        ("date:2026-04-01..2026-05-01", "date:2026-04-01..2026-05-01"),
        ("sort:new a OR b", "(a OR b) sort:new"),
        ("sort:TOP a", "a sort:top"),
        ("(a OR b) sort:new", "(a OR b) sort:new"),
        ("author:Hinton org:A-I", 'author:hinton org:"a i"'),
        ("like:(2604.13035v1)~14/week", "like:2604.13035"),
        ("like:(2604.13035;1706.03762)~21/week a", "like:(2604.13035 1706.03762)~3/day a"),
        ("like:2604.13035~3/w", "like:2604.13035~3/week"),
    ],
)
def test_the_canonical_text(text: str, canonical: str) -> None:
    assert parse(text).text == canonical


@pytest.mark.parametrize("dash", DASHES)
def test_every_dash_is_a_minus_before_a_word_and_none_within_one(dash: str) -> None:
    assert parse(f"a {dash}b c{dash}d").text == 'a -b "c d"'


@pytest.mark.parametrize("dash", ["–", "—", "―", "--", "---"])
def test_a_dash_between_words_as_titles_have_it_excludes_nothing(dash: str) -> None:
    """A title can be pasted whole, as its feed has it and as it is shown."""
    assert parse(f"beyond efficiency {dash} quantization-enhanced").text == 'beyond efficiency "quantization enhanced"'
    assert parse(f"(a {dash} b) -c").text == "a b -c"
    with pytest.raises(QueryError):
        parse(f"a {dash}")


@pytest.mark.parametrize("quote", QUOTES)
def test_every_double_quote_makes_a_phrase(quote: str) -> None:
    assert parse(f"{quote}a b{quote}").root == Phrase(("a", "b"))


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("cat：cs.CL", "cat:cs.CL"),
        ("ｔｉｔｌｅ：ａｇｅｎｔ", "title:agent"),
        ("title﹕agent", "title:agent"),
        ("upvotes：＞＝２０", "upvotes:>=20"),
        ("（a　OR　b）", "a OR b"),
        ("quant＊", "quant*"),
        ("－survey llm", "-survey llm"),
        ("'mixture of experts'", '"mixture of experts"'),
        ("‘mixture of experts’ -‚case study‘", '"mixture of experts" -"case study"'),
        ("author:'yann lecun'", 'author:"yann lecun"'),
        ("author:「yann lecun」", 'author:"yann lecun"'),
        ("《mixture of experts》", '"mixture of experts"'),
        ("don't students' ’90s", '"don t" students 90s'),
        ("cat:“cs.CL”", "cat:cs.CL"),
        ("upvotes:'>=20'", "upvotes:>=20"),
        ("source:«arxiv»", "source:arxiv"),
        ("date:『2026-04』", "date:2026-04"),
        ("`cat:cs.CL agents`", "cat:cs.CL agents"),
        ("“cat:cs.CL agents”", "cat:cs.CL agents"),
        ("'title:agent OR llm'", "title:agent OR llm"),
        ("“attention: all you need”", '"attention all you need"'),
        ("upvotes:10…20", "upvotes:10..20"),
        ("upvotes:10–20", "upvotes:10..20"),
        ("stars>100 upvotes≥20", "stars:>=101 upvotes:>=20"),
        ("id:10.48550/arXiv.2401.00001", "id:2401.00001"),
    ],
)
def test_what_people_type_is_understood(typed: str, canonical: str) -> None:
    assert parse(typed).text == canonical


@pytest.mark.parametrize(
    ("typed", "pointed"),
    [("foo：bar x", "foo:bar x\n^^^"), ("ｃａｔ：nope x", "cat:nope x\n    ^^^^"), ("（a", "(a\n^")],
)
def test_a_mistake_in_full_width_is_pointed_at(typed: str, pointed: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(typed)
    assert caught.value.pointed == pointed


@pytest.mark.parametrize(
    ("text", "sort"),
    [("a", Sort.RELEVANCE), ("a sort:new", Sort.NEW), ("sort:top a", Sort.TOP), ("(a sort:top) b sort:top", Sort.TOP)],
)
def test_the_order_is_an_option_anywhere(text: str, sort: Sort) -> None:
    assert parse(text).sort is sort


@pytest.mark.parametrize(
    ("text", "watches"),
    [
        ("upvotes:>5", True),
        ("a OR stars:1", True),
        ("a -comments:>5", True),
        ("a has:code", True),
        ("a source:hf", True),
        ("a cat:cs.CL after:2026-01-01 -b", False),
    ],
)
def test_what_depends_on_growing_numbers(text: str, watches: bool) -> None:
    assert parse(text).watches_numbers is watches


@pytest.mark.parametrize(
    ("text", "has_words"),
    [("a", True), ("title:quant*", True), ("author:a", False), ("* -a", False), ("cat:cs.CL OR a", True)],
)
def test_what_has_words(text: str, has_words: bool) -> None:
    assert parse(text).has_words is has_words


def test_the_categories_that_are_looked_for() -> None:
    assert parse("cat:cs.CL (cat:stat.* OR a) -cat:cs.CV -(b -cat:math.CO)").categories == {
        "cs.CL",
        "stat.*",
        "math.CO",
    }


def test_votes_are_added_to_any_query() -> None:
    assert parse("a OR b").with_upvotes(20) == parse("(a OR b) upvotes:>=20")
    assert parse("a -b sort:new").with_upvotes(20) == parse("a -b upvotes:>=20 sort:new")
    assert parse("a upvotes:>=20").with_upvotes(20) == parse("a upvotes:>=20")
    longest = parse("x" * LONGEST_QUERY).with_upvotes(5)
    assert longest.text == f"{'x' * LONGEST_QUERY} upvotes:>=5"


@given(written_queries())
@settings(deadline=None)
def test_the_canonical_text_means_the_same(query: Query) -> None:
    assert parse(query.text) == query


@given(query_texts(), st.sampled_from(("({0})", "({0}) ({0})", "({0}) OR ({0})", "-(-({0}))", "  {0}\n")))
@settings(deadline=None)
def test_saying_it_twice_or_in_parentheses_is_the_same_query(text: str, shape: str) -> None:
    assert parse(shape.format(text)) == parse(text)


_PIECES = st.sampled_from(
    (
        *(
            "a",
            "survey",
            "OR",
            "AND",
            "NOT",
            "(",
            ")",
            '"',
            "“",
            "-",
            "—",
            "*",
            ":",
            "..",
            ">=",
            "<",
            "5",
            "2026-04",
            "🤖",
        ),
        *("title:", "cat:", "cs.CL", "upvotes:", "date:", "sort:", "new", "author:", "id:", "https://arxiv.org/abs/"),
        *(" ", " ", " "),
    )
)


@given(st.text() | st.lists(_PIECES, max_size=15).map("".join))
@example("(" * 400)
@example("-" * 400)
@example("NOT " * 100)
@example("((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))")
@example('title:"')
@example("\ud800")
@example("Ʀ")
@example("\u1ffa\u0345")
@settings(max_examples=400, deadline=None)
def test_any_text_is_understood_or_its_mistake_is_shown(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert 0 <= error.length <= len(text) - error.position
        assert str(error).endswith(error.hint)
        line, carets = error.pointed.split("\n")
        assert line.isprintable()
        assert set(carets.strip()) == {"^"}
    else:
        assert parse(query.text) == query
