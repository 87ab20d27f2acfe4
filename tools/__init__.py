"""What building and releasing the project needs, and no user of it."""
