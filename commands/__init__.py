"""What can be asked of the service by text: one module per command, gathered in one table."""
