"""People: who may log in, who changed what, and one's own account."""
