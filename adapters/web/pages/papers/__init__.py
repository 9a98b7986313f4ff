"""Papers: searching them, a page for each, the archive, and what one reader marks."""
