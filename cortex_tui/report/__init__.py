"""The headless twin of the workbench: progress, the final table, and what they come to."""
