"""References: what lists of papers name, in BibTeX, RIS or plain words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.papers.references import MOST_REFERENCES, Reference, is_bibliography, references_in

BIBTEX = """
@article{vaswani2017,
  title = {Attention {Is} All You Need},
  author = {Vaswani, Ashish and others},
  eprint = {1706.03762},
  archivePrefix = "arXiv",
  pages = {1--10},
}
@misc{old, title={A "quoted" title}, url={https://arxiv.org/abs/math/0309136v2}}
@inproceedings{none, booktitle = {Proceedings}, title = "On {\\\\'E}tale $p$-things", year = 2026}
@article{doi, doi = {10.48550/arXiv.2604.13035}, title = {Seen twice}}
@article{cited, journal = {arXiv preprint arXiv:2604.00001}, title = {Cited}}
"""
RIS = """TY  - JOUR
TI  - Attention Is All You Need
UR  - https://arxiv.org/abs/1706.03762
ER  -
TY  - CONF
T1  - A Title
  that goes on
AU  - Somebody, A.
ER  -
"""


def test_bibtex_names_papers_by_id_link_doi_or_title() -> None:
    assert references_in(BIBTEX) == [
        Reference("1706.03762"),
        Reference("math/0309136"),
        Reference(None, "On 'Etale p-things"),
        Reference("2604.13035"),
        Reference("2604.00001"),
    ]


@pytest.mark.parametrize("text", [RIS, " ".join(RIS.split("\n"))])
def test_ris_does_even_on_one_line(text: str) -> None:
    assert references_in(text) == [Reference("1706.03762"), Reference(None, "A Title that goes on")]
    assert is_bibliography(text)


def test_plain_words_name_papers_by_ids_and_links() -> None:
    text = "2604.13035v2, <https://hf.co/papers/2604.00001|a paper> and arXiv:1706.03762; 2604.13035"
    assert {one.paper_id for one in references_in(text)} == {"2604.13035", "2604.00001", "1706.03762"}
    assert not is_bibliography(text)
    assert references_in("nothing here") == []


@given(st.text(st.characters(codec="utf-8"), max_size=200) | st.text('@{}=", title TY-ER\n', max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    assert len(references_in(f"@a{{b,{text}" * 3)) <= MOST_REFERENCES
    references_in(text)
