"""Files of papers: what a line may say, and what a file may be."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapters.feeds.json_lines import LONGEST_LINE, BadLine, PapersFile
from bot.errors import OperatorError
from bot.papers.paper import Paper
from bot.papers.sources import ARXIV
from tests.feed_server import SHARED
from tests.papers.names import names

RECORDED = SHARED / "data" / "arxiv"
GOOD = {"id": "2604.13035", "title": "Small agents"}


def read(path: Path) -> list[Paper | BadLine]:
    with PapersFile(path) as file:
        return list(file)


def written(folder: Path, *lines: object, name: str = "papers.jsonl") -> Path:
    """A file of the given lines; what is not bytes becomes JSON."""
    path = folder / name
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    return path


def only_paper(path: Path) -> Paper:
    (entry,) = read(path)
    assert isinstance(entry, Paper), entry
    return entry


def papers_for(entries: list[Paper | BadLine]) -> list[str | int]:
    """The ids of papers, the numbers of bad lines."""
    return [entry.id if isinstance(entry, Paper) else entry.number for entry in entries]


def test_a_line_becomes_a_paper_with_all_that_it_says(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {
            "id": "arXiv:2604.13035v2",
            "title": "Small\n  agents\u202e",
            "abstract": "They\nplan.\n\nThey act.",
            "authors": ["Ada  Lovelace", "Kurt Go\u0308del"],
            "categories": ["cs.CL", "cs.AI", "68T50", "I.2.7; I.2.6", "cs.CL"],
            "comment": "12 pages,\nICML",
            "announced": "2026-04-15",
            "license": {"ignored": True},
        },
    )
    assert only_paper(path) == Paper(
        id="2604.13035",
        title="Small agents",
        abstract="They plan.\n\nThey act.",
        authors=names("Ada Lovelace", "Kurt Gödel"),
        categories=("cs.CL", "cs.AI"),
        author_comment="12 pages, ICML",
        published_on=date(2026, 4, 15),
        sources=frozenset({ARXIV}),
    )


def test_an_id_and_a_title_are_enough(tmp_path: Path) -> None:
    empty = {"abstract": None, "authors": None, "categories": None, "comment": None, "announced": None}
    expected = Paper(id="2604.13035", title="Small agents", sources=frozenset({ARXIV}))
    assert only_paper(written(tmp_path, GOOD)) == expected
    assert only_paper(written(tmp_path, GOOD | empty)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Ed Harcourt", ["Ed Harcourt"]),
        ("A. Turing, E. Noether and K. Gödel", ["A. Turing", "E. Noether", "K. Gödel"]),
        ("A. Turing, E. Noether, and K. Gödel", ["A. Turing", "E. Noether", "K. Gödel"]),
        ("A. Turing, E. Noether and, K. Gödel", ["A. Turing", "E. Noether", "K. Gödel"]),
        ("Turing, Alan; Noether, Emmy and Gödel, Kurt", ["Alan Turing", "Emmy Noether", "Kurt Gödel"]),
        ("Andy Brand and Fernand Andler", ["Andy Brand", "Fernand Andler"]),
        ("A. Turing (1, 2) and E. Noether ((1) Princeton, (2) King's)", ["A. Turing", "E. Noether"]),
        (" , and ;", []),
        ("", []),
    ],
)
def test_authors_in_one_text_are_told_apart(tmp_path: Path, said: str, expected: list[str]) -> None:
    assert [name.written for name in only_paper(written(tmp_path, GOOD | {"authors": said})).authors] == expected


def test_categories_may_be_one_text(tmp_path: Path) -> None:
    assert only_paper(written(tmp_path, GOOD | {"categories": "math.AG  hep-th"})).categories == ("math.AG", "hep-th")


def test_a_moment_is_announced_on_its_day(tmp_path: Path) -> None:
    assert only_paper(written(tmp_path, GOOD | {"announced": "2026-04-15T23:59:59Z"})).published_on == date(2026, 4, 15)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "2604.13035", "title": "Sm', "not JSON, or cut short"),
        (b"[" * 200_000, "not JSON, or cut short"),
        (b'["2604.13035"]', "not a JSON object"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"{}", "no id"),
        ({"id": 2604.1303, "title": "x"}, "id (float) is not an arXiv id"),
        ({"id": "cs/\u202enew\n", "title": "x"}, "id “cs/new” is not an arXiv id"),
        ({"id": "2604.13035"}, "no title"),
        ({"id": "2604.13035", "title": " \u200b"}, "no title"),
        ({"id": "2604.13035", "title": ["x"]}, "no title"),
        (GOOD | {"abstract": ["x"]}, "abstract is not text"),
        (GOOD | {"comment": 12}, "comment is not text"),
        (GOOD | {"authors": {"name": "Ada"}}, "authors is neither a list of texts nor a text"),
        (GOOD | {"authors": ["Ada", None]}, "authors is neither a list of texts nor a text"),
        (GOOD | {"categories": 7}, "categories is neither a list of texts nor a text"),
        (GOOD | {"announced": "15.04.2026"}, "announced “15.04.2026” is not a date like 2026-04-30"),
        (GOOD | {"announced": "2026-02-30"}, "announced “2026-02-30” is not a date like 2026-04-30"),
        (GOOD | {"announced": "9999-01-01"}, "announced “9999-01-01” is not a date like 2026-04-30"),
        (GOOD | {"announced": 20260415}, "announced (int) is not a date like 2026-04-30"),
    ],
)
def test_a_bad_line_is_reported_and_its_neighbours_are_read(tmp_path: Path, line: object, reason: str) -> None:
    path = written(tmp_path, GOOD, b"  ", line, GOOD | {"id": "astro-ph/0601001"})
    first, bad, last = read(path)
    assert bad == BadLine(3, reason)
    assert papers_for([first, last]) == ["2604.13035", "astro-ph/0601001"]


def test_a_number_of_thousands_of_digits_spoils_nothing(tmp_path: Path) -> None:
    line = b'{"id": "2604.13035", "title": "Small agents", "size": ' + b"9" * 10_000 + b"}"
    assert only_paper(written(tmp_path, line)).id == "2604.13035"


def test_a_line_that_is_too_long_is_passed_over(tmp_path: Path) -> None:
    longest = json.dumps(GOOD).encode().ljust(LONGEST_LINE - 1)
    too_long = b'{"id": "' + b"x" * (3 * LONGEST_LINE)
    path = written(tmp_path, longest, longest + b"  ", too_long, GOOD, too_long)
    assert read(path) == [
        only_paper(written(tmp_path, GOOD, name="good")),
        BadLine(2, "longer than 4 MB"),
        BadLine(3, "longer than 4 MB"),
        only_paper(tmp_path / "good"),
        BadLine(5, "longer than 4 MB"),
    ]


def test_a_title_of_a_megabyte_is_cut(tmp_path: Path) -> None:
    title = only_paper(written(tmp_path, GOOD | {"title": "x" * 1_000_000})).title
    assert title == "x" * 999 + "…"


def test_windows_line_ends_and_a_byte_order_mark_are_no_matter(tmp_path: Path) -> None:
    line = json.dumps(GOOD).encode()
    path = written(tmp_path, b"\xef\xbb\xbf" + line + b"\r", b"\r", line + b"\r", b"")
    assert papers_for(read(path)) == ["2604.13035", "2604.13035"]


@pytest.mark.parametrize("name", ["papers.jsonl", "papers.jsonl.xz", "PAPERS.JSONL.GZ"])
def test_a_file_may_be_packed_and_shows_how_far_it_is(tmp_path: Path, name: str) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {"xz": lzma.compress, "GZ": gzip.compress, "jsonl": bytes}
    pack = packers[name.rpartition(".")[2]]
    lines = [json.dumps(GOOD | {"id": f"2604.{number:05}", "abstract": "word " * 400}) for number in range(1, 3001)]
    halves = [pack("".join(line + "\n" for line in part).encode()) for part in (lines[:1500], lines[1500:])]
    path = tmp_path / name
    path.write_bytes(b"".join(halves))  # packed files may be put one behind the other
    positions = []
    with PapersFile(path) as file:
        assert (file.name, file.size) == (name, path.stat().st_size)
        for number, entry in enumerate(file, start=1):
            assert isinstance(entry, Paper)
            assert entry.id == f"2604.{number:05}"
            positions.append(file.position)
    assert len(positions) == 3000
    assert positions == sorted(positions)
    assert positions[-1] == file.size


def test_an_empty_file_has_no_papers(tmp_path: Path) -> None:
    assert read(written(tmp_path)) == []
    empty = tmp_path / "empty.jsonl.xz"
    empty.write_bytes(lzma.compress(b""))
    assert read(empty) == []


def test_a_pipe_is_read_as_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(json.dumps(GOOD).encode(),))
    writer.start()
    assert papers_for(read(pipe)) == ["2604.13035"]
    writer.join()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.jsonl.xz", b'{"id": 1}', "“a.jsonl.xz” is not a .xz file. Rename it after what it is, or pack it again."),
        ("a.jsonl.xz", b"", "“a.jsonl.xz” is not a .xz file. Rename it after what it is, or pack it again."),
        ("a.gz", lzma.compress(b"{}"), "“a.gz” is not a .gz file. Rename it after what it is, or pack it again."),
        ("a.jsonl", lzma.compress(b"{}"), "“a.jsonl” is packed: give it a name that ends in .xz."),
        ("a", gzip.compress(b"{}", mtime=0), "“a” is packed: give it a name that ends in .gz."),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(OperatorError) as refusal, PapersFile(path):
        pass
    assert str(refusal.value) == sentence


def test_a_file_that_cannot_be_opened_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"^“none\.jsonl” cannot be read: No such file or directory\.$"):
        read(tmp_path / "none.jsonl")
    with pytest.raises(OperatorError, match=r"cannot be read: Is a directory\.$"):
        read(tmp_path)


@pytest.mark.parametrize("pack", [lzma.compress, gzip.compress], ids=["xz", "gz"])
@pytest.mark.parametrize("damage", ["cut short", "flipped"])
def test_a_damaged_file_gives_what_it_has_and_then_says_how_far_it_got(
    tmp_path: Path, pack: Callable[[bytes], bytes], damage: str
) -> None:
    lines = b"".join(
        json.dumps(GOOD | {"id": f"2604.{number:05}", "comment": os.urandom(40).hex()}).encode() + b"\n"
        for number in range(1, 10_001)
    )
    content = bytearray(pack(lines))
    half = len(content) // 2
    if damage == "cut short":
        del content[half:]
    else:
        content[half : half + 1000] = bytes(1000)
    path = tmp_path / f"papers.jsonl.{'xz' if pack is lzma.compress else 'gz'}"
    path.write_bytes(content)
    papers: list[Paper] = []
    with pytest.raises(OperatorError) as trouble, PapersFile(path) as file:
        papers.extend(entry for entry in file if isinstance(entry, Paper))
    assert 1_000 < len(papers) < 10_000
    assert "is damaged or cut short: after line" in str(trouble.value)
    assert f"of {len(content):,} bytes" in str(trouble.value)


@settings(max_examples=60, deadline=None)
@given(content=st.lists(st.one_of(st.binary(max_size=80), st.just(json.dumps(GOOD).encode()))))
def test_no_bytes_raise_and_every_line_that_is_not_blank_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, content: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("any") / "papers.jsonl"
    path.write_bytes(b"\n".join(content))
    assume(not path.read_bytes().startswith((b"\x1f\x8b", b"\xfd7zXZ")))
    lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    # A file that is one JSON array is refused as a whole.
    assume(not next((line for line in lines if line.strip()), b"").lstrip().startswith(b"["))
    assert len(read(path)) == sum(1 for line in lines if line.strip())


@pytest.mark.shared
@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded papers are not beside the project (../shared)")
@pytest.mark.parametrize("name", ["papers.jsonl.xz", "older.jsonl.xz"])
def test_recorded_papers_are_all_read(tmp_path: Path, name: str) -> None:
    with lzma.open(RECORDED / name) as whole:
        records = [next(whole) for _ in range(5_000)]
    path = written(tmp_path, *(record.rstrip(b"\n") for record in records))
    for record, paper in zip(map(json.loads, records), read(path), strict=True):
        assert isinstance(paper, Paper)
        assert paper.id == record["id"]
        assert paper.published_on == date.fromisoformat(record["announced"])
        assert paper.categories[:1] == tuple(record["categories"] or ())[:1]
        if isinstance(record["authors"], str):
            assert paper.authors
        else:
            assert paper.authors == names(*record["authors"])


def test_a_paper_that_arxiv_does_not_have_is_known_by_its_doi(tmp_path: Path) -> None:
    (paper,) = read(written(tmp_path, GOOD | {"id": "https://doi.org/10.1101/2026.04.01.123456"}))
    assert isinstance(paper, Paper)
    assert (paper.id, paper.doi) == ("doi:10.1101/2026.04.01.123456", "10.1101/2026.04.01.123456")
    assert paper.abstract_url == "https://doi.org/10.1101/2026.04.01.123456"
