"""What people do in Discord: the command tree, buttons, modals, roles as options, and the replies to it."""
