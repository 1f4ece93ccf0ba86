"""Where a message may go (P1, P2): encrypted, and not into what only the clinic's machines can see."""

import asyncio

import pytest

from activities.channels.reach import OutOfBounds, check_address, check_where_it_leads

METADATA = [
    "https://169.254.169.254/latest",
    "https://[fe80::1]/",
    "https://[fd00:ec2::254]/",
    "https://[::ffff:169.254.169.254]/",
    "https://2852039166/",
    "https://0xa9.0xfea9fe/",
    "https://0251.0376.0251.0376/",
    "https://metadata.google.internal/",
    "https://METADATA.google.internal./",
    "https://168.63.129.16/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
]
PRIVATE = [
    "https://10.0.0.5/fhir",
    "https://192.168.1.1/",
    "https://172.16.9.9/",
    "https://[fd12::1]/",
    "https://10.1/",
]
PLAIN = [
    "http://agency.example/",
    "http://10.0.0.5/",
    "json://agency.example/x",
    "xml://agency.example",
    "gotify://h/token1234567890",
]
GOOD = [
    "mailto:ada@mail.example",
    "https://agency.example/fhir",
    "https://8.8.8.8/",
    "jsons://agency.example/x",
    "http://127.0.0.1:8250/fhir",
    "https://localhost/",
    "json://localhost/x",
    "tgram://167772165:abcdefghijklmnopqrstuvwxyz012345678/12315544/",
]


@pytest.mark.parametrize("url", METADATA)
def test_no_message_goes_to_the_machines_own_surroundings(url: str) -> None:
    for own_network in (False, True):
        with pytest.raises(OutOfBounds, match="metadata service"):
            check_address(url, own_network=own_network)


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_network_is_told_only_where_it_is_said_to_be_the_clinics_own(url: str) -> None:
    with pytest.raises(OutOfBounds, match="private network"):
        check_address(url)
    check_address(url, own_network=True)


@pytest.mark.parametrize("url", PLAIN)
def test_nothing_travels_in_plain_text(url: str) -> None:
    with pytest.raises(OutOfBounds, match="plain text"):
        check_address(url, own_network=True)


@pytest.mark.parametrize("url", GOOD)
def test_what_is_encrypted_or_stays_on_this_machine_may_go(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize("url", ["https://[x", "pigeon://coop"])
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(OutOfBounds, match=r"no address|no service"):
        check_address(url)


async def test_a_name_is_judged_by_where_it_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    async def leading(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("169.254.169.254", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", leading)
    with pytest.raises(OutOfBounds, match="metadata service"):
        await check_where_it_leads("https://harmless.example/")
    monkeypatch.undo()
    await check_where_it_leads("https://no-such-name.invalid/")
    await check_where_it_leads("http://127.0.0.1:1/")
