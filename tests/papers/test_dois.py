"""DOIs are found wherever people and publishers write them, and make ids that pass through every command line."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.messages.components import CUSTOM_ID, PREFIX
from bot.commands.lines import split_line
from bot.papers.dois import doi_in_link, doi_of, id_of_doi
from bot.papers.ids import feed_id, id_for_doi, is_arxiv_id, linked_paper_ids, paper_id_of, parse_paper_id
from bot.papers.paper import Paper
from bot.query.parser import parse
from bot.query.queries import Query
from bot.query.syntax import Like, PaperId

OF_WILEY = "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2"

DOIS = st.builds(
    "10.{}/{}".format,
    st.integers(1000, 999_999_999),
    st.text(string.ascii_lowercase + string.digits + "._-:;/()<>[]+~%é", min_size=1, max_size=120),
)
IDS = st.one_of(DOIS.map(id_of_doi), st.text(max_size=20).map(feed_id))


@pytest.mark.parametrize(
    ("written", "doi"),
    [
        ("10.1101/2026.04.01.123456", "10.1101/2026.04.01.123456"),
        ("doi:10.1038/S41586-026-0123-4", "10.1038/s41586-026-0123-4"),
        ("DOI: 10.1038/s41586-026-0123-4.", "10.1038/s41586-026-0123-4"),
        ("https://doi.org/10.1016/j.cell.2026.01.002?utm=x", "10.1016/j.cell.2026.01.002"),
        ("http://dx.doi.org/10.1002/%28SICI%291097-0258%2F30%2917%3A15", "10.1002/(sici)1097-0258/30)17:15"),
        (OF_WILEY, OF_WILEY),
        ("info:doi/10.5281/zenodo.19012345", "10.5281/zenodo.19012345"),
        ("pmid:39876543", None),
        ("10.1101", None),
        ("attention is all you need", None),
        ("see 10.1101/2026.04.01.123456", None),
    ],
)  # fmt: skip
def test_a_doi_is_read_as_it_is_cited(written: str, doi: str | None) -> None:
    assert doi_of(written) == doi


@pytest.mark.parametrize(
    ("address", "doi"),
    [
        ("https://www.biorxiv.org/content/10.1101/2026.04.01.123456v2?rss=1", "10.1101/2026.04.01.123456"),
        ("https://www.medrxiv.org/content/10.64898/2026.04.01.26312345v1.full.pdf", "10.64898/2026.04.01.26312345"),
        ("https://www.nature.com/articles/s41586-026-10123-4", "10.1038/s41586-026-10123-4"),
        ("https://www.nature.com/articles/d41586-026-01234-5?error=1", "10.1038/d41586-026-01234-5"),
        ("https://www.science.org/doi/abs/10.1126/science.ady1234?af=R", "10.1126/science.ady1234"),
        ("https://onlinelibrary.wiley.com/doi/10.1002/anie.202601234/full", "10.1002/anie.202601234"),
        ("https://journals.plos.org/plosone/article?id=10.1371/journal.pone.031&type=x", "10.1371/journal.pone.031"),
        ("https://link.springer.com/content/pdf/10.1007/s10994-026-06789-1.pdf", "10.1007/s10994-026-06789-1"),
        ("https://www.frontiersin.org/articles/10.3389/fnins.2026.123456/full", "10.3389/fnins.2026.123456"),
        ("https://pubmed.ncbi.nlm.nih.gov/39876543/", None),
        ("https://example.org/10.1/x", None),
        ("ftp://doi.org/10.1101/x", None),
    ],
)  # fmt: skip
def test_a_publishers_address_says_the_doi(address: str, doi: str | None) -> None:
    assert doi_in_link(address) == doi


def test_arxivs_own_doi_is_arxivs_id() -> None:
    assert id_for_doi("10.48550/arxiv.2604.13035") == "2604.13035"
    assert parse("doi:10.48550/arXiv.2604.13035") == parse("id:2604.13035")


def test_all_links_of_a_text_are_found_in_their_order() -> None:
    text = (
        "see https://doi.org/10.1038/s41586-026-0123-4, https://arxiv.org/abs/2604.13035v2 and "
        "(https://www.biorxiv.org/content/10.1101/2026.04.01.123456v1), doi:10.48550/arXiv.2604.13035"
    )
    assert linked_paper_ids(text) == ["doi:10.1038/s41586-026-0123-4", "2604.13035", "doi:10.1101/2026.04.01.123456"]


@given(IDS)
def test_an_id_is_read_back_wherever_it_is_written(paper_id: str) -> None:
    assert parse_paper_id(paper_id) == paper_id == paper_id_of(paper_id)
    assert not is_arxiv_id(paper_id)
    assert split_line(f"{paper_id} up") == (paper_id, "up")
    query = Query.of(PaperId(paper_id))
    assert parse(query.text) == query
    for example in (Like((paper_id,), 7), Like((paper_id, "2604.13035"), 14)):
        assert parse(Query.of(example).text).root == example
    for line in (f"vote {paper_id} down", f"not-this {paper_id}", f"similar {paper_id} --page 100"):
        assert len(PREFIX + line) <= CUSTOM_ID
    assert paper_id.isprintable()
    assert " " not in paper_id


@given(DOIS)
def test_what_is_known_by_its_doi_is_found_by_it(doi: str) -> None:
    if (read := doi_of(doi)) is None:
        return
    paper = Paper(id=id_for_doi(read), title="T", doi=read)
    (asked,) = [parse(f'doi:"{doi}"').root]
    assert isinstance(asked, PaperId)
    assert asked.id in paper.ids
    assert paper.abstract_url.startswith("https://doi.org/10.")
    assert paper.pdf_url == ""
