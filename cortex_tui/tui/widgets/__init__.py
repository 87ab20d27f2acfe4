"""The parts of the screen; each draws its own lines."""
