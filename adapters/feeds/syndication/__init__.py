"""Any feed: RSS, Atom and JSON Feed, of addresses that people add."""
