"""Values of TOML: how they are read, refused and described in a schema."""
