"""Keys of duties: `kind:subject`, and `#number` where it is asked again. They stay the same while a duty lasts."""


def kind_of(key: str) -> str:
    """What is owed: the key without its subject and without the number of its asking."""
    return key.partition(":")[0].partition("#")[0]


def subject_of(key: str) -> str:
    """What it is about: the key without the kind and without the number of its asking."""
    subject = key.partition(":")[2]
    head, mark, number = subject.rpartition("#")
    return head if mark and number.isdigit() else subject
