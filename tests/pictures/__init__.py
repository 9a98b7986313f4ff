"""Pictures of what people see: the payloads that the adapters really send, drawn as Slack and Discord draw them."""
