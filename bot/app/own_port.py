"""Our own port: whether the bot answers there. Beside everything that takes a while to load."""

from __future__ import annotations

import http.client
from typing import Final

HEALTHZ: Final = "/healthz"
#: What stands for every address of a machine, and where it is then found from here.
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def is_ours(host: str, port: int, timeout: float) -> bool:
    """Whether a bot answers on that port. Blocks for as long as `timeout`, in seconds."""
    connection = http.client.HTTPConnection(_EVERYWHERE.get(host, host), port, timeout=timeout)
    try:
        connection.request("GET", HEALTHZ)
        answer = connection.getresponse()
        return answer.status == 200 and answer.getheader("x-paperround") is not None
    except (OSError, http.client.HTTPException, UnicodeError):  # the last of a name that cannot be one: `a..b`
        return False
    finally:
        connection.close()
