"""The smallest platform, source and command, which CONTRIBUTING shows: they pass the suites."""
