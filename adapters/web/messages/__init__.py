"""Messages: the log that browsers follow, and how it is arranged for reading."""
