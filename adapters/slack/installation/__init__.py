"""OAuthInstallation the app: OAuth, the tokens of workspaces, and the services that serve each of them."""
