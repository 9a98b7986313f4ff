"""Addresses of web pages that feeds name."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST_LINK = 2_000


def web_link(value: object) -> str:
    """The address if it is one of a web page that every platform can show as it is, else nothing.

    Refused are white space, what cannot be seen, the marks with which platforms delimit links, and user names, which
    make `https://arxiv.org@example.org` look like arXiv.
    """
    if not isinstance(value, str):
        return ""
    value = value.strip()
    if len(value) > LONGEST_LINK or not value.isprintable() or any(char in ' <>"\\^`{|}' for char in value):
        return ""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return ""
    return value if usable else ""
