"""What lies in `deploy/observability` asks for figures that there are, and each alert says what to do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documents.markdown import anchors_of
from tests.observability.exposed import families, labels

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "observability"
PAGE = (ROOT / "deploy" / "docs" / "observability.md").read_text()
#: What Prometheus adds to whatever it reads.
ADDED = {"job", "instance"}
_NAME = re.compile(r"\b(?:paperround|process)_\w+")
needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="Debian's package prometheus is not installed")


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def queries() -> Iterator[str]:
    for rule in alerts():
        yield rule["expr"]
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])


def test_queries_ask_for_figures_and_labels_that_there_are() -> None:
    known = labels()
    for query in queries():
        names = _NAME.findall(query)
        assert names or "up{" in query, query
        assert set(names) <= known.keys(), query
        theirs = ADDED.union(*(known[name] for name in names))
        named = {
            label for some in re.findall(r"\{([^}]*)\}", query) for label in re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", some)
        }
        named |= {label for some in re.findall(r"\b(?:by|on) \(([^)]*)\)", query) for label in re.findall(r"\w+", some)}
        assert named <= theirs, query


def test_legends_name_labels_that_there_are() -> None:
    known = labels()
    for panel in panels():
        for target in panel["targets"]:
            theirs = ADDED.union(*(known[name] for name in _NAME.findall(target["expr"])))
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= theirs, panel["title"]


def test_no_label_of_ours_hides_one_of_prometheus() -> None:
    assert not ADDED & set().union(*labels().values())


def test_each_alert_says_what_to_do_and_where_that_is_written() -> None:
    anchors = anchors_of(PAGE)
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["action"]
        path, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (ROOT / path).exists()
        assert anchor in anchors
    assert len({rule["alert"] for rule in alerts()}) == len(alerts())


def test_each_alert_fires_and_keeps_still_in_its_tests() -> None:
    cases = yaml.safe_load((FOLDER / "alerts_test.yaml").read_text())["tests"]
    tested = [(case["alertname"], bool(case.get("exp_alerts"))) for test in cases for case in test["alert_rule_test"]]
    assert sorted(tested) == sorted((rule["alert"], fires) for rule in alerts() for fires in (False, True))


def test_the_page_has_every_figure_with_its_labels_and_no_other() -> None:
    written = {
        name: (kind, set(re.findall(r"\w+", names)))
        for name, kind, names in re.findall(r"^\| `(paperround_\w+)` \| (\w+) \| ([^|]*) \|", PAGE, re.MULTILINE)
        if name != "paperround_build_info"  # which names each library
    }
    exposed = {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            {label for sample in family.samples for label in sample.labels} - {"le"},
        )
        for family in families()
        if family.name.startswith("paperround_") and family.name != "paperround_build_info"
    }
    assert written == exposed


@needs_promtool
@pytest.mark.parametrize(
    "arguments", [("check", "rules", "alerts.yaml"), ("check", "config", "--syntax-only", "prometheus.yaml"),
                  ("test", "rules", "alerts_test.yaml")], ids=" ".join,
)  # fmt: skip
def test_prometheus_own_tool_agrees(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
