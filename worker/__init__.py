"""Processes and faces: the worker, the embedded clinic of `carepath up`, and the command line."""
