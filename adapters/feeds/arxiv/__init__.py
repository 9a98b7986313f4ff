"""arXiv: announcements (RSS), the API for missed days, searches and look-ups, the calendar of announcements."""
