"""Hugging Face: Daily Papers as a source, and look-ups of single papers."""
