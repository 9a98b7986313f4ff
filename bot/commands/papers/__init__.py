"""Commands about papers: finding and reading them, votes, and why one came or did not."""
