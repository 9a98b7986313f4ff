"""Merging: what is known of a paper after another answer about it."""

from __future__ import annotations

from dataclasses import replace

from bot.papers.paper import Paper
from bot.papers.sources import HUGGINGFACE


def merge(known: Paper, news: Paper) -> Paper:
    """What is known of a paper after another answer about it.

    The newer answer wins wherever it says something; what it leaves empty stays as it was, because sources drop
    fields for a day and bring them back. Exceptions: the longer author list wins (Daily Papers hides some authors),
    the first day featured stays, arXiv's own categories stay once known, and sources add up.
    """
    if known.id != news.id:
        raise ValueError(f"cannot merge {news.id} into {known.id}")
    numbers_known = HUGGINGFACE in news.sources
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
    )
