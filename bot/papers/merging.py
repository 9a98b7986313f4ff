"""Merging: what is known of a paper after another answer about it."""

from __future__ import annotations

from dataclasses import replace

from bot.papers.paper import Paper
from bot.papers.sources import BUILT_IN, HUGGINGFACE


def merge(known: Paper, news: Paper) -> Paper:
    """What is known of a paper after another answer about it.

    The newer answer wins wherever it says something; what it leaves empty stays as it was, because sources drop
    fields for a day and bring them back. Exceptions: the longer author list wins (Daily Papers hides some authors),
    the first day featured stays, arXiv's own categories stay once known, and sources add up.
    """
    if known.id != news.id:
        raise ValueError(f"cannot merge {news.id} into {known.id}")
    numbers_known = HUGGINGFACE in news.sources
    news = _less_than_known(known, news)
    days = [day for day in (known.featured_on, news.featured_on) if day]
    return replace(
        known,
        title=news.title or known.title,
        # Daily Papers' titles have lost their TeX.
        title_tex=news.title_tex or (known.title_tex if news.title in ("", known.title) else ""),
        abstract=news.abstract or known.abstract,
        authors=news.authors if len(news.authors) >= len(known.authors) else known.authors,
        categories=news.categories or known.categories,
        keywords=news.keywords or known.keywords,
        summary=news.summary or known.summary,
        published_on=known.published_on or news.published_on,
        featured_on=min(days) if days else None,
        sources=known.sources | news.sources,
        upvotes=news.upvotes if numbers_known else known.upvotes,
        comments=news.comments if numbers_known else known.comments,
        stars=news.stars or known.stars,
        models=news.models or known.models,
        datasets=news.datasets or known.datasets,
        spaces=news.spaces or known.spaces,
        submitter=known.submitter or news.submitter,
        organization=news.organization or known.organization,
        organization_name=news.organization_name or known.organization_name,
        code_url=news.code_url or known.code_url,
        project_url=news.project_url or known.project_url,
        thumbnail_url=news.thumbnail_url or known.thumbnail_url,
        author_comment=news.author_comment or known.author_comment,
        doi=known.doi or news.doi,
        other_ids=tuple(sorted({*known.other_ids, *news.other_ids})),
        page_url=news.page_url or known.page_url,
        file_url=news.file_url or known.file_url,
        venue=news.venue or known.venue,
    )


def _less_than_known(known: Paper, news: Paper) -> Paper:
    """The news without the text that is known better: feeds tease, where Hugging Face and arXiv have all of it.

    Where only feeds have it, the words of the first one stay, so that two do not overwrite each other for ever.
    """
    if not news.sources or not news.sources.isdisjoint(BUILT_IN) or news.sources == known.sources:
        return news
    better = not known.sources.isdisjoint(BUILT_IN) or len(known.abstract) >= len(news.abstract)
    return replace(
        news,
        title=known.title or news.title,
        title_tex=known.title_tex if known.title else news.title_tex,
        abstract=known.abstract or news.abstract if better else news.abstract,
        page_url=known.page_url or news.page_url,
        file_url=known.file_url or news.file_url,
        venue=known.venue or news.venue,
    )
