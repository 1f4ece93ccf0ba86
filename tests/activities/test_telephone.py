"""Telephone numbers in one form (P2)."""

import pytest

from activities.telephone import normal_form, same_number


@pytest.mark.parametrize(
    "written", ["+1 312 555 0101", "(312) 555-0101", "312.555.0101", "1-312-555-0101", "tel:+13125550101"]
)
def test_a_number_has_one_normal_form_however_it_is_written(written: str) -> None:
    assert normal_form(written, "US") == "+13125550101"
    assert same_number(written, "3125550101", "US")


def test_the_same_digits_of_two_countries_are_two_numbers_and_a_part_of_one_is_none() -> None:
    assert not same_number("+44 20 7946 0958", "20 7946 0958", "US")
    assert same_number("+44 20 7946 0958", "020 7946 0958", "GB")
    assert same_number("555-0101", "5550101", "US")
    assert not same_number("5", "5", "US")
