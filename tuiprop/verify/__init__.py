"""The gradient check, the update audit, and the mistakes that can be injected."""
