"""Telephone numbers in one normal form, E.164, by the library that knows every country's plan."""

import phonenumbers

FEWEST_DIGITS = 7
"""A telephone number has no fewer; fewer would mean too many people, or a part of an address."""


def normal_form(number: str, region: str) -> str | None:
    """A number as +15555550101, in whatever way it was written; None: no number that could be called.

    Args:
        number: As somebody wrote it.
        region: The clinic's, such as US, in which a number without country code is read.
    """
    try:
        read = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    whole = phonenumbers.is_possible_number_with_reason(read) == phonenumbers.ValidationResult.IS_POSSIBLE
    if not whole:  # such as a local number without its area
        return None
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


def same_number(one: str, other: str, region: str) -> bool:
    """Whether two numbers, each as somebody wrote it, reach the same telephone."""
    first, second = normal_form(one, region), normal_form(other, region)
    if first and second:
        return first == second
    # What no plan knows, such as a local number without its area, is compared as it stands.
    digits, others = _digits(one), _digits(other)
    return len(digits) >= FEWEST_DIGITS and digits == others


def _digits(number: str) -> str:
    """The last ten digits."""
    return "".join(sign for sign in number if sign.isdigit())[-10:]
