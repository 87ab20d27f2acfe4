"""The panes of the main screen, one module each: what they show of the run under the cursor."""
