"""Agencies that run beside the example clinic: a FHIR server and a webhook, which accept, book and confirm.

They are the other side as an agency's engineer would build it, for trying out and for tests. Nothing here is real, and
everything is forgotten when they stop.
"""
