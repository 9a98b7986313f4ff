"""How fast requests may leave for an account whose limit nobody tells."""
