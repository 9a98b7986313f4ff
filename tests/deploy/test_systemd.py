"""The systemd unit: what systemd itself says of it, and that it fits the program."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.app.command_line.exit_codes import MISCONFIGURED

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "paperround.service"


def test_a_wrong_setting_is_not_tried_again_and_again() -> None:
    assert f"RestartPreventExitStatus={MISCONFIGURED}\n" in UNIT.read_text()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    # The program is installed elsewhere; everything else is looked at as it stands.
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/paperround/bin/paperround run", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    about_us = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (about_us, done.returncode) == ([], 0), done.stderr


def test_setting_it_up_again_leaves_the_secrets_alone(tmp_path: Path) -> None:
    """Runs the steps that concern the file of the settings, as the unit's head gives them, twice."""
    steps = [line.removeprefix("#   ") for line in UNIT.read_text().splitlines() if line.startswith("#   ")]
    of_settings = [step for step in steps if "/etc/paperround" in step and step.startswith(("install", "test"))]
    assert len(of_settings) == 2
    script = "set -e\n" + "\n".join(re.sub(r"/etc/paperround", f"{tmp_path}/etc", step) for step in of_settings)
    subprocess.run(["sh", "-c", script], check=True)
    settings = tmp_path / "etc" / "env"
    assert settings.stat().st_mode & 0o777 == 0o600
    settings.write_text("PAPERROUND_SLACK_BOT_TOKEN=xoxb-1\n")
    subprocess.run(["sh", "-c", script], check=True)
    assert settings.read_text() == "PAPERROUND_SLACK_BOT_TOKEN=xoxb-1\n"
