"""Matching: which topics a paper is for, among very many.

matcher = Matcher()
matcher.put(7, parse("diffusion -survey"))
matcher.match(paper)  # [7]
"""

from bot.matching.matcher import Matcher, matches, same

__all__ = ["Matcher", "matches", "same"]
