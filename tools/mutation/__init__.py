"""Mutation testing: which small changes of the code do its own tests not notice? Not installed."""
