"""Time zones as people name them."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.schedules.zones import parse_time_zone


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        (" `Europe/Berlin`. ", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("america/argentina/buenos aires", "America/Argentina/Buenos_Aires"),
        ("utc", "UTC"),
        ("Etc/GMT+5", "Etc/GMT+5"),
        ("kathmandu", "Asia/Kathmandu"),
        ("“Europe/Berlin”", "Europe/Berlin"),
        ("ＵＴＣ", "UTC"),
        ("'new york'", "America/New_York"),
        ("CET", "CET"),
        ("ET", "America/New_York"),
        ("JST", "Asia/Tokyo"),
        ("HST", "Pacific/Honolulu"),
    ],
)
def test_what_people_write(written: str, key: str) -> None:
    assert parse_time_zone(written).key == key


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("Berln", "Unknown time zone `Berln`. Did you mean `Europe/Berlin`?"),
        ("Europe/Berln", "Unknown time zone `Europe/Berln`. Did you mean `Europe/Berlin`?"),
        ("Germany/Berlin", "Unknown time zone `Germany/Berlin`. Did you mean `Europe/Berlin`?"),
        ("istanbul", "There are several: `Asia/Istanbul` or `Europe/Istanbul`. Write the whole name."),
        ("UTC+2", "`UTC+2` knows no summer time. Name a city instead, for example `Europe/Berlin`."),
        ("GMT+5", "`GMT+5` knows no summer time. Name a city instead, for example `Europe/Berlin`."),
        ("+05:30", "`+05:30` knows no summer time. Name a city instead, for example `Europe/Berlin`."),
        ("UTC−5", "`UTC−5` knows no summer time. Name a city instead, for example `Europe/Berlin`."),
        ("EST", "`EST` knows no summer time. Write `America/New_York`."),
        ("mst", "`mst` knows no summer time. Write `America/Denver` or `America/Phoenix`."),
        ("PST", "`PST` knows no summer time. Write `America/Los_Angeles`."),
        ("EDT", "`EDT` is the time of summer only. Write `America/New_York`."),
        ("CEST", "`CEST` is the time of summer only. Write `Europe/Berlin`."),
        ("GMT", "`GMT` knows no summer time. Write `Europe/London`, or `UTC` for the same time all year."),
        ("IST", "`IST` means several. Write `Asia/Kolkata`, `Europe/Dublin` or `Asia/Jerusalem`."),
        ("tokio", "Unknown time zone `tokio`. Did you mean `Asia/Tokyo`?"),
        ("xyz", "Unknown time zone `xyz`. Write one like `Europe/Berlin` or `America/New_York`."),
        ("../../etc/passwd", None),
        ("localtime", None),
        ("Factory", None),
        ("", "Which time zone? Write one like `Europe/Berlin` or `America/New_York`."),
    ],
)
def test_what_people_are_told(written: str, sentence: str | None) -> None:
    with pytest.raises(UserError) as told:
        parse_time_zone(written)
    assert sentence is None or str(told.value) == sentence


def test_every_zone_is_found_by_its_name_in_any_case() -> None:
    for name in available_timezones() - {"Factory", "localtime", "EST", "MST", "HST", "GMT"}:
        assert parse_time_zone(name.upper().replace("_", " ")).key == name


@settings(deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_written_is_a_zone_or_gets_a_sentence(written: str) -> None:
    try:
        assert parse_time_zone(written).key in available_timezones()
    except UserError as told:
        assert str(told).endswith((".", "?"))
