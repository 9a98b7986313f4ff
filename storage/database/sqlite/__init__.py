"""What only SQLite needs: its connections, its file, taking turns to write, noticing commits of others."""
