"""The outbox against a model: processes on one database, a platform that fails, and what is promised there."""
