"""Agencies by webhook: what is posted, its signature, and what each kind of answer means (P3, P5, P9)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.agencies.port import Person
from activities.agencies.webhook import AgencyWebhook, content_of
from activities.channels.http import LONGEST_ANSWER, retry_after
from activities.channels.port import AccessFault, NobodyAnswers, Permanent, Transient, Uncertain
from activities.channels.signing import SIGNATURE, TIMESTAMP, BadSignature, check_signed, signed
from tests.activities.agencies.partners import SCOPE, handover
from tests.activities.http_server import Answering, answering
from tests.servers import free_port


def hook(server: Answering, **options: Any) -> AgencyWebhook:
    return AgencyWebhook("careers-1", f"http://{server.address}/in", "secret", **{"within": 1.0, **options})


async def test_P5_what_is_posted_is_signed_and_carries_the_notice_and_the_scope() -> None:
    with answering((200, b'{"reference": "CC-17"}')) as server:
        assert await hook(server).send(handover()) == "CC-17"
    ((headers, body),) = server.taken
    check_signed("secret", headers, body)
    posted = json.loads(body)
    assert headers["idempotency-key"] == posted["key"] == "r1:sending"
    assert (posted["scope"], posted["notice"][:11]) == (SCOPE, "This record")
    assert posted["service"] == {"code": "food_bank", "title": "Food bank"}
    assert posted["person"]["birth_date"] == "1980-02-03"
    assert posted["answer_url"] == "https://answers.example/r/token.signature"


def test_what_the_consent_does_not_cover_is_absent() -> None:
    posted = content_of(handover(person=Person(given_name="Ada"), content={}, answer_url=""))
    assert posted["person"] == {"given_name": "Ada"}
    assert not {"service", "answer_url", "reference"} & set(posted)


def test_C5_a_service_that_must_be_named_in_the_consent_is_told_only_then() -> None:
    given = {"service_need": "hepatitis_testing"}
    assert "hepatitis" not in json.dumps(content_of(handover(service="hepatitis_testing", content=given)))
    assert (
        content_of(handover(content={**given, "hepatitis": "yes"}))["service"]["code"] == "hepatitis_testing"
    )


async def test_a_cancellation_names_their_reference() -> None:
    with answering() as server:
        await hook(server).send(handover(what="cancellation", revokes="CC-17"))
    posted = json.loads(server.taken[0][1])
    assert (posted["what"], posted["reference"]) == ("cancellation", "CC-17")


@pytest.mark.parametrize("body", [b"", b" \n", b"{}", b'{"reference": null, "more": 1}'])
async def test_without_a_reference_of_theirs_ours_serves(body: bytes) -> None:
    with answering((202, body)) as server:
        assert await hook(server).send(handover()) == "r1"


GARBAGE = [b"<html>Sign in</html>", b"[]", b'"ok"', b'{"reference": 5}', b'{"reference": ""}', b"\xff", b"[" * 100_000,
           b" " * 10 + b"x" * (LONGEST_ANSWER + 10)]  # fmt: skip


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
async def test_P9_an_answer_that_was_not_agreed_leaves_it_uncertain(body: bytes) -> None:
    with (
        answering((200, body)) as server,
        pytest.raises(Uncertain, match="careers-1 answered 200 with something else"),
    ):
        await hook(server, within=5).send(handover())


@pytest.mark.parametrize("broken", [0, -1, 502, 504, 501, (200, b"garbage")])
async def test_P9_no_certain_answer_is_uncertain_unless_a_repeat_is_recognised(
    broken: int | tuple[int, bytes],
) -> None:
    with answering(broken, broken) as server:
        with pytest.raises(Uncertain):
            await hook(server).send(handover())
        with pytest.raises(Transient):
            await hook(server, knows_repeats=True).send(handover())


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
async def test_an_agency_that_says_not_now_is_tried_again(status: int) -> None:
    with answering(status) as server, pytest.raises(Transient, match=f"careers-1 answered {status}"):
        await hook(server).send(handover())


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("1200", 1200),
        ("0", 0),
        ("Mon, 02 Mar 2026 12:10:00 GMT", 600),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        ("99999999999999999999", 86400),
        ("Fri, 02 Mar 2126 12:00:00 GMT", 86400),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_an_agency_that_asks_us_to_wait_is_understood(said: str, seconds: int | None) -> None:
    wait = retry_after({"retry-AFTER": said}, NOW)
    assert (wait and wait.total_seconds()) == seconds or (seconds == 0 and wait == timedelta())


async def test_an_address_that_leads_astray_is_not_called() -> None:
    with pytest.raises(AccessFault, match="an address that lies in a private network"):
        await AgencyWebhook("careers-1", "https://10.255.255.1/in", "secret").send(handover())


@pytest.mark.parametrize("status", [301, 307, 400, 404, 410])
async def test_an_agency_that_refuses_is_not_tried_again_and_not_followed_elsewhere(status: int) -> None:
    with answering(status) as server, pytest.raises(Permanent, match=f"refused with {status}"):
        await hook(server).send(handover())
    assert len(server.taken) == 1


@pytest.mark.parametrize("status", [401, 403, 407])
async def test_an_agency_that_does_not_let_us_in_has_refused_nothing(status: int) -> None:
    with answering(status) as server, pytest.raises(AccessFault, match=f"does not let us in .{status}"):
        await hook(server).send(handover())


async def test_a_machine_that_is_shut_is_told_apart_from_our_own_tls_and_name_service() -> None:
    with answering() as server:
        for url, is_away in (
            (f"http://127.0.0.1:{free_port()}/in", True),
            (f"https://{server.address}/in", False),
            ("https://no-such-name.invalid/in", False),
        ):
            with pytest.raises(AccessFault, match="careers-1 cannot be reached") as no:
                await AgencyWebhook("careers-1", url, "secret").send(handover())
            assert isinstance(no.value, NobodyAnswers) is is_away, url


async def test_where_nobody_listens_nothing_has_left() -> None:
    channel = AgencyWebhook("careers-1", f"http://127.0.0.1:{free_port()}/in", "secret")
    with pytest.raises(Transient, match="careers-1 cannot be reached"):
        await channel.send(handover())
    assert await channel.ask("CC-17") is None


NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@given(st.text(min_size=1), st.binary())
@settings(deadline=None)
def test_a_signature_passes_with_its_secret_and_its_body_alone(secret: str, body: bytes) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    headers = signed(secret, body, NOW)
    check_signed(secret, headers, body, NOW + timedelta(minutes=5))
    for wrong in (body + b" ", body[1:] if body else b"x"):
        with pytest.raises(BadSignature, match="is not the hex HMAC"):
            check_signed(secret, headers, wrong, NOW)
    with pytest.raises(BadSignature, match="is not the hex HMAC"):
        check_signed(secret + "x", headers, body, NOW)


@pytest.mark.parametrize("away", [timedelta(minutes=6), -timedelta(minutes=6)])
def test_a_signature_does_not_last(away: timedelta) -> None:
    with pytest.raises(BadSignature, match="more than 5 minutes away"):
        check_signed("secret", signed("secret", b"x", NOW), b"x", NOW + away)


@given(st.dictionaries(st.sampled_from([TIMESTAMP, SIGNATURE, SIGNATURE.lower()]), st.text()), st.binary())
@settings(deadline=None)
def test_any_headers_pass_or_are_refused_in_words(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadSignature):
        check_signed("secret", headers, body)


def test_P8_the_ledger_keeps_an_address_without_the_secrets_in_it() -> None:
    channel = AgencyWebhook("careers-1", "https://us:pw@agency.example:8443/in?token=x#y", "secret")
    assert channel.to == "https://agency.example:8443/in"
