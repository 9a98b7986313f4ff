"""The file for Fly.io: it fits the image and the settings. (Nobody here runs it.)"""

from __future__ import annotations

import re
import tomllib

from bot.app.adapters.web import STOP_WITHIN
from bot.app.configuration.settings import PREFIX, Settings
from tests.deploy.files import DEPLOY

FLY = tomllib.loads((DEPLOY / "fly.toml").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def test_it_has_the_port_the_folder_and_the_settings_of_the_image() -> None:
    settings = Settings.model_validate({name.removeprefix(PREFIX).lower(): one for name, one in FLY["env"].items()})
    service = FLY["http_service"]
    assert service["internal_port"] == settings.web_port
    assert f"EXPOSE {settings.web_port}\n" in DOCKERFILE
    assert re.findall(r"^VOLUME (\S+)$", DOCKERFILE, re.MULTILINE) == [mount["destination"] for mount in FLY["mounts"]]
    assert settings.public_url == f"https://{FLY['app']}.fly.dev"
    assert settings.web_allowed_hosts == (f"{FLY['app']}.fly.dev",)


def test_the_machine_runs_all_the_time_and_stops_in_peace() -> None:
    service = FLY["http_service"]
    assert (service["auto_stop_machines"], service["min_machines_running"]) == ("off", 1)
    assert [check["path"] for check in service["checks"]] == ["/healthz"]
    assert int(FLY["kill_timeout"].removesuffix("s")) > STOP_WITHIN + 30  # what is being sent may take half a minute
    assert f"STOPSIGNAL {FLY['kill_signal']}\n" in DOCKERFILE
