"""What CONTRIBUTING says of the code is true."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from bot.app.configuration.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def test_every_dependency_has_its_reason() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    reasons = CONTRIBUTING
    names = re.findall(r'^    "([a-zA-Z0-9.-]+)[^"]*>=', project, re.MULTILINE)
    assert len(names) > 20
    for name in names:
        assert f"`{name}`" in reasons, name


def test_lists_in_settings_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERROUND_WEB_ALLOWED_HOSTS", "papers.example.org, other.example.org")
    assert load_settings().web_allowed_hosts == ("papers.example.org", "other.example.org")


def test_what_contributing_names_is_where_it_says() -> None:
    """Every name that stands before the file which defines it, in the walks and in the ways to add something."""
    named = re.findall(r"`([A-Za-z_]\w*)(?:\.(\w+))?` \(`([\w/]+\.py)`\)", CONTRIBUTING)
    assert len(named) > 25
    for name, attribute, path in named:
        defined = {
            node.name: {child.name for child in node.body if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)}
            if isinstance(node, ast.ClassDef)
            else set()
            for node in ast.parse((ROOT / path).read_text()).body
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        }
        constants = re.findall(rf"^{name}\b.* = ", (ROOT / path).read_text(), re.MULTILINE)
        assert name in defined or constants, (name, path)
        assert not attribute or attribute in defined[name], (name, attribute, path)


def test_the_files_that_contributing_names_exist() -> None:
    for path in re.findall(r"`((?:bot|adapters|storage|tests|deploy)/[\w/.-]*)`", CONTRIBUTING):
        if "NAME" not in path and "*" not in path:
            assert (ROOT / path).exists(), path


def test_the_map_has_the_rooms_in_the_order_of_the_layers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one.get("containers") == ["bot"])
    rooms = re.findall(r"^\| `bot/(\w+)/` \|", CONTRIBUTING, re.MULTILINE)
    assert rooms == [layer for layer in reversed(layers) if ":" not in layer]
    assert sorted(rooms) == sorted(path.parent.name for path in (ROOT / "bot").glob("*/__init__.py"))
    beside = {path.stem for path in (ROOT / "bot").glob("*.py")} - {"__init__", "__main__"}
    assert {name.strip() for layer in layers if ":" in layer for name in layer.split(":")} == beside
    assert set(re.findall(r"`(\w+)\.py`", CONTRIBUTING.split("Beside the rooms stand")[1].split("\n\n")[0])) == beside


def test_every_folder_says_what_lives_there() -> None:
    for start in ("bot", "adapters", "storage"):
        for path in (ROOT / start).rglob("__init__.py"):
            if "migrations" not in path.parts:
                assert (ast.get_docstring(ast.parse(path.read_text())) or "").strip(), path
