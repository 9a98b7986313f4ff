"""Installing the app: OAuth, scopes, and the tokens of workspaces."""
