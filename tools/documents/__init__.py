"""What makes the documents a site, and the reference from the code."""
