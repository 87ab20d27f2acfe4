"""The store on SQLite: four threads with a connection each, and one for the event loop."""
