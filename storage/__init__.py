"""Tables, migrations, the stores behind the core's ports, locks between processes, and the search index."""
