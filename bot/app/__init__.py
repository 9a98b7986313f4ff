"""The composition root: the one place that knows which parts there are, and puts them together."""

from adapters.feeds.json_lines import PapersFile
from bot.bootstrap.application import Application, demo_feed, open_application, parse_address

__all__ = ["Application", "PapersFile", "demo_feed", "open_application", "parse_address"]
