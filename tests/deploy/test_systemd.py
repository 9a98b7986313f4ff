"""The systemd units: what systemd itself says of them, and that they fit the program."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.app.command_line.exit_codes import MISCONFIGURED
from tests.deploy.files import DEPLOY
from tests.e2e.process import Bot

UNIT = DEPLOY / "paperround.service"
SERVICES = (UNIT, DEPLOY / "paperround-backup.service")
UNITS = (*SERVICES, DEPLOY / "paperround-backup.timer")
HAS_SYSTEMD = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


def test_a_wrong_setting_is_not_tried_again_and_again() -> None:
    assert f"RestartPreventExitStatus={MISCONFIGURED}\n" in UNIT.read_text()


def commands(unit: Path) -> list[str]:
    """What a unit runs."""
    (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    return shlex.split(line)


@HAS_SYSTEMD
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    # The program is installed elsewhere; everything else is looked at as it stands.
    names = []
    for unit in UNITS:
        copy = tmp_path / unit.name
        copy.write_text(re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE))
        names.append(str(copy))
    done = subprocess.run(["systemd-analyze", "verify", *names], capture_output=True, text=True, check=False)
    about_us = [line for line in done.stderr.splitlines() if "paperround" in line]
    assert (about_us, done.returncode) == ([], 0), done.stderr


@HAS_SYSTEMD
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_the_services_may_do_little(unit: Path) -> None:
    # The threshold is ten times the level.
    analyse = ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(unit)]
    done = subprocess.run(analyse, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout.splitlines()[-1:]


def test_the_backup_has_the_settings_and_the_rights_of_the_bot() -> None:
    """But for what starts it, and where it may write."""
    bot, backup = (unit.read_text().partition("[Service]")[2] for unit in SERVICES)
    for name in ("User", "EnvironmentFile", "WorkingDirectory", "UMask"):
        assert [line for line in bot.splitlines() if line.startswith(f"{name}=")] == [
            line for line in backup.splitlines() if line.startswith(f"{name}=")
        ]
    rights = re.compile(
        r"^(?:No|Cap|Amb|System|Restrict|Lock|Memory|Remove|Key|Dev|Private|Protect)\w+=.*$", re.MULTILINE
    )
    assert set(rights.findall(bot)) == set(rights.findall(backup))


def test_what_the_backup_writes_can_be_restored_and_old_ones_go(tmp_path: Path) -> None:
    """Runs the command of the unit in folders of this test, with fewer files to keep."""
    program, *arguments = commands(DEPLOY / "paperround-backup.service")
    assert program == "/opt/paperround/bin/paperround"
    assert arguments[:3] == ["backup", "--keep", "14"]
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "notes.txt").write_text("not ours")
    (tmp_path / "data").mkdir()
    bot = Bot(tmp_path / "data")
    bot.set_up("subscribe diffusion --name Pictures")
    for number in range(3):
        clock = f"paperround-2026010{number + 1}T031500Z.backup"
        (folder / clock).write_text("an older one")
    bot.cli("backup", "--keep", "2", str(folder))
    (newest,) = set(folder.glob("*.backup")) - {folder / "paperround-20260103T031500Z.backup"}
    assert (newest.stat().st_mode & 0o777, len(list(folder.iterdir()))) == (0o600, 3)
    (tmp_path / "other").mkdir()
    other = Bot(tmp_path / "other")
    other.cli("restore", str(newest))
    assert other.query("SELECT name FROM subscriptions") == [("Pictures",)]
    refused = bot.cli("backup", str(folder), expect=2)
    assert "--keep N" in refused.stderr


def test_the_backup_just_made_stays_though_a_clock_was_ahead(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (tmp_path / "data").mkdir()
    for day in (1, 2):
        (folder / f"paperround-2126010{day}T031500Z.backup").write_text("made while the clock was ahead")
    Bot(tmp_path / "data").cli("backup", "--keep", "2", str(folder))
    ahead, *made = sorted(folder.glob("*.backup"), reverse=True)
    assert ahead.name == "paperround-21260102T031500Z.backup"
    assert [one.read_bytes()[:2] for one in made] == [b"\x1f\x8b"]


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
