"""The doctor: what `paperround doctor` looks at, and what it says to do."""
