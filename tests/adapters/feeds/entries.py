"""Entries of Daily Papers for tests, in the shape that the API has had since 2025-10."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def an_entry(number: int = 1, *, beside: Json | None = None, **inner: Any) -> Json:
    """An entry with everything in it; `beside` and `inner` replace what is beside `paper` and in it."""
    account = {"_id": "6101", "name": "grace", "fullname": "Grace Hopper", "type": "user", "isPro": False}
    organization = {"_id": "6102", "name": "navy", "fullname": "United States Navy"}
    paper = {
        "id": f"2604.{number:05}",
        "title": f"Compilers for Timetables {number}",
        "summary": "We compile.\n\nIt takes no time.",
        "authors": [{"name": "Grace Hopper", "hidden": False}, {"name": "Jean Bartik"}],
        "publishedAt": "2026-04-18T00:00:00.000Z",
        "submittedOnDailyAt": "2026-04-21T07:31:57.645Z",
        "submittedOnDailyBy": account,
        "upvotes": 7,
        "ai_summary": "Timetables are compiled.",
        "ai_keywords": ["compilers", "timetables"],
        "githubRepo": "https://github.com/example/timetables",
        "githubStars": 12,
        "projectPage": " https://example.org/timetables ",
        "organization": organization,
    }
    outer = {
        "paper": paper | inner,
        "title": (paper | inner)["title"],
        "summary": (paper | inner)["summary"],
        "publishedAt": "2026-04-17T20:00:00.000Z",
        "thumbnail": "https://cdn.example.org/1.png",
        "mediaUrls": ["https://cdn.example.org/1.mp4"],
        "numComments": 3,
        "submittedBy": account,
        "organization": organization,
        "isAuthorParticipating": True,
    }
    return outer | (beside or {})
