"""The JSON API: what the workspace shows, for programs to read. Its document is made from the same operations."""
