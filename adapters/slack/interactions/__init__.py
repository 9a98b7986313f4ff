"""What people do in Slack: commands, buttons, modals, the app's home, and the replies to it."""
