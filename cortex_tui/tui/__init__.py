"""The workbench: a Textual screen over a catalog of profiles and a session's controller."""
