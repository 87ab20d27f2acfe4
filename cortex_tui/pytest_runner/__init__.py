"""Runs a project's pytest benchmarks, unchanged: each test with a `benchmark` fixture is a run.

pytest itself runs the tests in a process of its own, with their fixtures, marks and plugins; what
they hand to `benchmark` is timed by our recorder and reported in our protocol.
"""
