"""What a person has chosen for the workbench: keys, theme, notices. Read from a TOML file."""
