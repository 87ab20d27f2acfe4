"""One small class for each request: it asks the store, and knows nothing of SQL."""
