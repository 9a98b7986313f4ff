"""The library: searching, the archive, single papers."""
