"""What the command line says when something cannot be done: one plain sentence, exit code 1."""


class CannotDo(Exception):
    """Refused or impossible; the message is for the person at the keyboard."""
