"""Papers: their ids, listings and vectors, and the sources and feeds they were read from."""
