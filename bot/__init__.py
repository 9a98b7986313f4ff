"""The core of Paper Round: papers, topics, channels, digests and commands. No platform, no HTTP, no database."""

__version__ = "0.1.0"
