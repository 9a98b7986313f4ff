"""What Slack tells of its own accord: events over Socket Mode or signed HTTP, each taken once."""
