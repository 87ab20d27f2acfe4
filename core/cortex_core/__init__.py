"""The memory of a coding assistant: conversations and patterns on SQLite, behind a mediator."""
