"""SECURITY.md names tests that there are, and everything that is installed is pinned by its hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text())


def test_every_threat_has_a_test() -> None:
    rows = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 14
    for row in rows:
        assert "`tests/" in row, row


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_the_tests_of_threats_exist(file: str, name: str) -> None:
    text = (ROOT / file).read_text()
    assert re.search(rf"^(async )?def {name or 'test_'}", text, re.MULTILINE), (file, name)


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock", "requirements-audit.lock"])
def test_what_is_installed_is_pinned_by_its_hash(file: str) -> None:
    pinned = re.findall(
        r"^([a-z0-9.-]+)==\S+.*\\\n    --hash=sha256:[0-9a-f]{64}", (ROOT / file).read_text(), re.MULTILINE
    )
    named = re.findall(r"^([a-zA-Z0-9.-]+)(?:\[[^]]*\])?==", (ROOT / file).read_text(), re.MULTILINE)
    assert pinned == named
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[\[<>=~! ;]", each)[0].lower().replace(".", "-") for each in project["dependencies"]}
    assert wanted <= set(pinned) or file == "requirements-audit.lock"
