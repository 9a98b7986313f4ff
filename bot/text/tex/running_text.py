"""What signs mean in running text, by what stands before and after them: ties, dashes, quotes, braces."""

from __future__ import annotations


def is_tex_group(before: str, content: str, closer: str, after: str) -> bool:
    """Whether `{…}` is TeX's although no command is near: `Mus{é}e`, `5{,}000`, `N{=}1`, `256{times}256`."""
    if content == "}":
        return True
    if closer != "}":
        return False
    if content in ("times", "sim", "deg", "pm") or (len(content) == 1 and content in ",=.:+-"):
        return True
    if content.isalnum() and not content.islower():
        return True  # `{GSR4B}` keeps BibTeX from lower-casing it
    in_word = before[-1:].isalpha() or after[:1].isalpha()
    return in_word and len(content) <= 5 and content.isalpha()


def typography(piece: str, before: str, after: str) -> str:
    """The piece as it is printed between those two."""
    before, after = before[-1:], after[:1]
    if piece == "~":
        # A tie joins a word to what it belongs to; alone before a number it means “about”, between two “to”.
        joins = before not in ("", " ", "/") and (before.isalnum() or before in ".,;:)]}”%")
        return " " if joins and after not in ("", " ") and not (before.isdigit() and after.isdigit()) else "~"
    if piece == "--":
        return "–"
    if piece == "---":
        return "—"
    if piece == "``":
        return "“"
    if piece == "''":
        if before in ("", " ", "("):
            return "“" if after.isalnum() else "''"
        return "”"
    return piece
