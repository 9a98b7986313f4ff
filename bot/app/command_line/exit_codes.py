"""How a command ended."""

from __future__ import annotations

from typing import Final

FAILED: Final = 1
WRONG_USAGE: Final = 2
#: Of `run`, when a setting is wrong: starting it again changes nothing. The number is EX_CONFIG of BSD's sysexits.h,
#: and deploy/paperround.service has systemd leave it at that.
MISCONFIGURED: Final = 78
