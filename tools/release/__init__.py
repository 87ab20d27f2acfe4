"""What is made and checked for a release: man pages, the build, its artefacts. Not installed."""
