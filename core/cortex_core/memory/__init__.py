"""The store's port on dictionaries: for tests of what is built on it, and small memories."""
