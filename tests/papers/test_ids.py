"""A paper is named by its id in every way that people copy it and other programs write it."""

from __future__ import annotations

import pytest

from bot.errors import UserError
from bot.papers.ids import linked_paper_ids, normalize_paper_id, paper_id_of, parse_paper_id

CITED = """arXiv:2401.00001 [math.AP]
  (or arXiv:2401.00001v1 [math.AP] for this version)
  https://doi.org/10.48550/arXiv.2401.00001"""


@pytest.mark.parametrize(
    "written",
    [
        *("2401.00001", "2401.00001v2", "arXiv:2401.00001", "ARXIV:2401.00001v3", "arxiv: 2401.00001", "<2401.00001>"),
        *("https://doi.org/10.48550/arXiv.2401.00001", "doi:10.48550/arXiv.2401.00001", "10.48550/arXiv.2401.00001"),
        *("https://dx.doi.org/10.48550/ARXIV.2401.00001", "DOI: 10.48550/arXiv.2401.00001v2"),
        *("https://doi.org/10.48550%2FarXiv.2401.00001", "arXiv:2401.00001 [math.AP]", "2401.00001 [math.AP]"),
        *("arXiv:2401.00001v1 [math.AP] 31 Dec 2023", "(or arXiv:2401.00001v1 [math.AP] for this version)", CITED),
        *(
            "http://arxiv.org/abs/2401.00001v2",
            "https://export.arxiv.org/abs/2401.00001",
            "arxiv.org/pdf/2401.00001.pdf",
        ),
        *("https://arxiv.org/abs/2401.00001v2?context=cs.LG", "https://arxiv.org/html/2401.00001v1#S2"),
        *("https://arxiv.org/abs/arXiv:2401.00001", "https://www.alphaxiv.org/overview/2401.00001v1"),
        *("https://ar5iv.labs.arxiv.org/html/2401.00001", "https://huggingface.co/papers/2401.00001#community"),
        *("oai:arXiv.org:2401.00001", "https://www.semanticscholar.org/arxiv/2401.00001", "arXiv_2401.00001"),
        *("2401.00001v2.pdf", "arXiv preprint arXiv:2401.00001", "“arXiv：２４０１．００００１”", "[2401.00001]"),
        *("https://example.org/papers/10.48550/arXiv.2401.00001",),
        *("A. Lee. A study. arXiv:2401.00001, 2024.", "`2401.00001`", "https://arxiv.org/abs/2401.00001."),
    ],
)
def test_a_paper_is_found_however_it_is_named(written: str) -> None:
    assert parse_paper_id(written) == "2401.00001"


@pytest.mark.parametrize(
    "written",
    ["https://doi.org/10.48550/arXiv.math/0309136", "arXiv:math.GT/0309136v1 [math.GT]", "oai:arXiv.org:math/0309136"],
)
def test_a_paper_of_before_2007_is_found(written: str) -> None:
    assert parse_paper_id(written) == "math/0309136"


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "diffusion",
            "2401.1",
            "2413.00001",
            "2401.00001 and more",
        ),
        *("https://example.org/abs/2401.00001", "arXiv:2401.00001 and arXiv:2401.00002", "12401.00001"),
        *("https://notarxiv.org/abs/2401.00001", "my-arxiv.org/abs/2401.00001"),
        *("https://arxiv.org.example.org/abs/2401.00001", "https://arxiv.org/abs/2401.00001x"),
    ],
)
def test_what_names_no_paper_is_refused(written: str) -> None:
    assert paper_id_of(written) is None
    with pytest.raises(UserError, match="not a paper that I can find"):
        parse_paper_id(written)


def test_links_in_a_text_are_found_and_other_numbers_are_not() -> None:
    text = "https://doi.org/10.48550/arXiv.2401.00002, https://arxiv.org/abs/2401.00001, arXiv:2401.00003, 2401.00004"
    assert linked_paper_ids(text) == ["2401.00002", "2401.00001"]
    assert normalize_paper_id("https://arxiv.org/abs/2401.00001") is None


@pytest.mark.parametrize(
    "evil", ["arxiv ", "https://", "10.48550/", "arxiv.org/abs/", "doi: ", "[a]", "2401.00001 [a] "]
)
def test_hostile_text_takes_time_linear_in_it(evil: str) -> None:
    text = evil * (300_000 // len(evil))
    assert paper_id_of(text) is None
    assert len(linked_paper_ids(text)) <= 1
