"""TeX habits in titles and abstracts, turned into Unicode text that reads well in a chat.

Authors type abstracts as they type papers: `$O(n^2)$`, `Schr\\"odinger`, ``quotes'', `{\\em new}`, `\\cite{key}`, and
macros of their own that nobody else can expand. This is a reader of those habits and not TeX: it needs no
preamble, takes the text as one stream, and shows what it does not know with as few marks as possible.

It works in time linear in the text, in bounded depth, and never raises: feeds are hostile. Backslashes and dollars
that are not TeX (`costs $5 and $10`, `"\\n"`) stay.
"""

from bot.text.tex.reader import plain_text

__all__ = ["plain_text"]
