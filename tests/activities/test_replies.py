"""What a person means who answers a message, and telephone numbers in one form (P2)."""

import pytest

from activities.messages.replies import meaning_of
from activities.telephone import normal_form, same_number


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop.", "Stop please", "STOP!!! \N{OCTAGONAL SIGN}", '"STOP"',
        "\N{LEFT SINGLE QUOTATION MARK}stop\N{RIGHT SINGLE QUOTATION MARK}",
        "STOP ALL", "stopall", "opt out", "OPT-OUT", "optout", "Revoke", "REVOKE my consent", "cancel", "End", "QUIT",
        "unsubscribe me", "\N{FULLWIDTH LATIN CAPITAL LETTER S}TOP", "ALTO", "Parar por favor",
        "please stop texting me",
        "don't text me", "Do not contact me anymore", "remove me from this list", "no more messages", "S.T.O.P",
        "no me env\N{LATIN SMALL LETTER I WITH ACUTE}en m\N{LATIN SMALL LETTER A WITH ACUTE}s mensajes",
        "opt me out", "stop stop",
    ],
)  # fmt: skip
def test_P2_STOP_is_understood_as_people_and_carriers_write_it(text: str) -> None:
    assert meaning_of(text) == "stop"


@pytest.mark.parametrize("text", ["START", "unstop", "Start please", "opt in", "resume messages", "Reanudar"])
def test_P2_START_resumes(text: str) -> None:
    assert meaning_of(text) == "start"


@pytest.mark.parametrize(
    "text",
    [
        "I want to end it", "end it all", "I can't stop using", "I want to quit drinking", "cancel my appointment",
        "yes",
        "I stopped using", "when does group end", "I don't want to live", "stop by the office?", "",
        "\N{SLIGHTLY SMILING FACE}",
        "stop and start",
    ],
)  # fmt: skip
def test_P2_what_a_person_must_read_is_not_taken_for_a_word(text: str) -> None:
    assert meaning_of(text) == "unknown"


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
