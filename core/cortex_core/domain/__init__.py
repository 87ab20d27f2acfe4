"""Entities and value objects: what is true of a memory, whatever stores or serves it."""
