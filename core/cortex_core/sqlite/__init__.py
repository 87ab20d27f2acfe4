"""The store on SQLite: three connections, each on a thread of its own."""
