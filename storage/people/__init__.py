"""People who log in to the workspace, and the record of who changed what."""
