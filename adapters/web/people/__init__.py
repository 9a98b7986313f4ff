"""People: logging in, and sessions."""
