"""What would show a bystander that somebody is in care: a word, a link, a sender, a number (P2)."""

import pytest

from workflows.core.episode.messages.neutral import check, check_phone, check_sender

NEUTRAL = "Subject: Hello\n\nPlease call the office at {clinic_phone}."


def test_P2_a_neutral_template_passes() -> None:
    assert check(NEUTRAL) == []


@pytest.mark.parametrize(
    "template",
    [
        "Hello\n\nPlease call.",
        "Subject: Hello",
        "Subject: Hello\n\n ",
        "Subject: Hello\nPlease call.",
        "Please call.",
    ],
)
def test_P2_a_template_has_a_subject_and_a_text(template: str) -> None:
    assert check(template) == ["it must begin with a line 'Subject: …', an empty line, and a text"]


def test_P2_a_template_fills_in_nothing_that_could_tell_who_is_meant() -> None:
    assert check(f"{NEUTRAL} Dear {{name}}, at {{time}}.") == [
        "{name} is not a variable that may be filled in",
        "{time} is not a variable that may be filled in",
    ]


@pytest.mark.parametrize("word", ["Recovery", "session", "AA", "terapia", "use"])
def test_P2_each_word_that_tells_of_care_is_named_in_the_subject_and_in_the_text(word: str) -> None:
    said = [f"the word '{word.lower()}' can show what kind of care this is"]
    assert check(f"Subject: Your {word}\n\nPlease call the office.") == said
    assert check(f"{NEUTRAL} About your {word}.") == said


def test_P2_a_word_that_only_holds_another_one_tells_nothing() -> None:
    assert check(f"{NEUTRAL} A reused classroom.") == []


@pytest.mark.parametrize(
    "link", ["https://x.example/a", "http://x", "www.x", "go to office.org", "at my.health now"]
)
def test_P2_a_template_holds_no_link(link: str) -> None:
    assert check(f"{NEUTRAL} {link}") == ["a link can show what kind of care this is"]


@pytest.mark.parametrize(
    ("sender", "told"),
    [
        ("The office <office@clinic.example>", []),
        ("North <north@re-covery.example>", ["recover"]),
        ("Sober.Living <a@b.example>", ["sober"]),
        ("12 Step house <a@iop.example>", ["iop", "12step"]),
    ],
)
def test_P2_a_sender_is_neutral_however_its_words_run_together(sender: str, told: list[str]) -> None:
    said = [f"the sender holds '{part}', which shows what kind of care this is" for part in told]
    assert check_sender(sender) == said


@pytest.mark.parametrize(
    ("phone", "is_one"),
    [
        ("+1 (555) 010-0100", True),
        ("555.0100", True),
        ("12345", True),
        ("1234", False),
        ("1-800-SOBER", False),
    ],
)
def test_P2_a_telephone_number_spells_no_word(phone: str, is_one: bool) -> None:
    assert check_phone(phone) == ([] if is_one else ["the phone number must be digits alone"])
