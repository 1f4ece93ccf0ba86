"""What a person means who answers a message (P2)."""

import pytest

from workflows.core.episode.messages.replies import is_bare, meaning_of


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
        "NO MORE", "No more texts please", "Don't text", "stop txt", "stop now or i sue", "Stop texting or I'll sue",
        "STOP\n\nOn Fri, Nov 27, 2026 the office wrote:\n> Please call the office.", "STOP\n--\nSent from my phone",
        "\u0405\u0422\u041e\u0420", "\u0441\u0442\u043e\u043f", "S\u0422\u041eP", "ST\u200bOP", "s t o p",
        "Stop. I have a lawyer", "Stop, please", "STOP!! I mean it", "hi stop",
        "do not text", "dont text me anymore", "Never text me again", "don't contact this number", "dont message me",
        "Don't text me, call me", "Hello. Please stop texting me.", "can you stop texting me", "quit texting me",
        "I want you to stop texting me", "stop sending me these messages", "stop all messages", "stop these texts",
        "Do not call or text me", "stop calling and texting me", "I don't want these texts", "i want no more texts",
        "I do not want to receive any more messages", "I want to stop receiving texts", "please take me off your list",
        "remove me", "remove my number from your list", "leave me alone", "Please leave me alone", "wrong number",
        "Sorry, wrong number", "you have the wrong number", "I want to unsubscribe", "unsubscribe me from this list",
        "I want to opt out", "I revoke my consent", "no quiero m\u00e1s mensajes", "no m\u00e1s mensajes",
        "dejen de enviarme mensajes", "n\u00famero equivocado", "darme de baja",
    ],
)  # fmt: skip
def test_P2_a_clause_that_says_nothing_else_is_STOP(text: str) -> None:
    assert meaning_of(text) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        "please don't leave me alone tonight", "dont leave me alone", "Don't stop texting me",
        "please don't stop sending me messages", "You never text me back, call me", "They never call me back",
        "you never call me", "Do not call me, text me", "I got no more texts from you", "wrong person was arrested",
        "I want to stop it", "I want to end it", "end it all", "I can't stop using", "I want to quit drinking",
        "cancel my appointment", "I stopped using", "when does group end", "stop by the office?", "stop and start",
        "stop?", "can I stop?", "how do I stop my meds", "I can't stop crying", "make it stop", "stop him please",
        "he won't stop calling me", "did you stop texting me?", "why did you stop sending me messages?",
        "Stop texting me so early", "stop texting me at my work phone number until monday", "I quit my job",
        "no more pills left", "I have no more hope", "there's no more reason to live", "never mind, stop",
        "Stop, and start again on Monday",
        "Stop. Just kidding", "stop, no wait, keep texting me", "I revoke my consent for my mother",
        "don't send the letter to my mother", "don't call me today", "do not call my work", "never call my wife",
        "the bus stop was closed", "my meds got stopped", "Everyone should leave me alone with him",
        "he won't leave me alone", "they said wrong number", "can you remove me from the tuesday group",
        "I don't want to stop", "I dont want to stop getting texts", "we stop at 6?", "my ex texts nonstop, stop him",
        "end of group", "cancel tomorrow", "no puedo parar", "I cannot stop thinking about dying",
    ],
)  # fmt: skip
def test_P2_a_stop_word_in_any_other_sentence_is_read_by_a_person_first(text: str) -> None:
    assert meaning_of(text) == "doubtful"


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "I don't want to live",
        "",
        "\N{SLIGHTLY SMILING FACE}",
        "Can you call me?",
        "I want to start it again",
    ],
)
def test_P2_what_a_person_must_read_is_not_taken_for_a_word(text: str) -> None:
    assert meaning_of(text) == "unknown"


@pytest.mark.parametrize(
    "text", ["STOP", "stop please!", "Stop texts", "QUIT", "start", "opt out", "Cancel", "stop stop", "fin"]
)
def test_P2_a_message_of_the_word_alone_needs_no_reader(text: str) -> None:
    assert is_bare(text)


@pytest.mark.parametrize(
    "text",
    [
        "stop?",
        "please",
        "texts",
        "",
        "stop him",
        "stop and start",
        "STOP start",
        "quit my job",
        "I want to stop",
        "sms start end",
    ],
)
def test_P2_of_a_message_that_says_more_than_its_word_people_see_the_rest(text: str) -> None:
    assert not is_bare(text)
