"""`paperround`, and `python -m bot`."""

from __future__ import annotations

import sys


def main() -> None:
    """The program. `paperround healthcheck`, which is asked for again and again, is not kept waiting for the rest."""
    if sys.argv[1:2] == ["healthcheck"]:
        from bot.app.command_line.healthcheck import healthcheck

        healthcheck(sys.argv[2:], prog_name="paperround healthcheck")
    else:
        from bot.app.command_line import program

        program.main()


if __name__ == "__main__":
    main()
