"""Discord's client: the connection, the classes of its errors, the rate limit, the circuit breaker."""
