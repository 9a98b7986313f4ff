"""`paperround`, and `python -m bot`."""

from bot.app.command_line.program import main

if __name__ == "__main__":
    main()
