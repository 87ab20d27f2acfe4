"""The workbench in a browser: a process for each visitor, behind a server that lets nobody else in.

The page's terminal and the way it talks to a Textual program are textual-serve's. Its server is not
used: that has no login, checks no origin, starts a shell, and may leave processes behind.
"""
