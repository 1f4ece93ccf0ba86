"""What the engine says when it refuses. Both reach the caller as application errors of the same name."""


class Refused(Exception):
    """Something was refused and nothing has changed; the message says what is wrong and what would be right."""


class InvalidEntry(Refused):
    """The statement itself is malformed or impossible: unknown kind, impossible date, missing field."""


class NotAllowedNow(Refused):
    """The statement is well formed, but the episode cannot take it where it stands now."""
