"""Browsers by what they call themselves, for people who look for a session of theirs."""

from __future__ import annotations

from typing import Final

from bot.text.shortening import shorten

#: What a User-Agent has in it, and what people call it: the first that is there, as each also claims to be those below.
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS": "macOS",
    "Linux": "Linux",
}
_LONGEST: Final = 60  # characters of what nobody knows


def browser_in_words(agent: str) -> str:
    """`Firefox on Windows`; what is none of the usual ones by its own words."""
    browser = next((name for token, name in _BROWSERS.items() if token in agent), "")
    system = next((name for token, name in _SYSTEMS.items() if token in agent), "")
    if not browser:
        return shorten(agent, _LONGEST) or "a browser that does not say its name"
    return f"{browser} on {system}" if system else browser
