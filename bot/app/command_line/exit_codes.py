"""How a command ended."""

from __future__ import annotations

from typing import Final

FAILED: Final = 1
WRONG_USAGE: Final = 2
#: Of what a mail server hands a mail to, when it cannot be taken now. The number is EX_TEMPFAIL of sysexits.h, after
#: which mail servers try again, while after any other failure they give the mail up.
TRY_AGAIN: Final = 75
#: Of `run`, when a setting is wrong: starting it again changes nothing. The number is EX_CONFIG of BSD's sysexits.h,
#: and deploy/paperround.service has systemd leave it at that.
MISCONFIGURED: Final = 78
