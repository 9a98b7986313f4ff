"""The local web workspace: a chat platform in the browser, for trying the bot and for teams without another one."""
