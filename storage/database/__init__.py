"""The database itself: connections, transactions, locks between processes, and what is wrong with it."""
