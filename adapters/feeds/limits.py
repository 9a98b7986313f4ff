"""How much of a paper is taken from any feed."""

from __future__ import annotations

LONGEST_TITLE = 1_000  # characters
LONGEST_ABSTRACT = 20_000
MOST_AUTHORS = 3_000
YEARS = range(1991, 2100)
"""What arXiv ids can express. A date outside is a mistake, and a far future would lead the polling astray."""
