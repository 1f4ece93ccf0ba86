"""The agencies file: what it may say, and a plain sentence for each mistake."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.agencies.book import AgenciesFileError, AgencyBook, load
from activities.agencies.chosen import Agencies, Reach
from activities.agencies.email import AgencyEmail
from activities.agencies.fhir.channel import Fhir
from activities.agencies.letter import Letter
from activities.agencies.port import UnknownAgency
from activities.agencies.webhook import AgencyWebhook
from activities.channels.port import Transient
from tests.activities.agencies.partners import agency
from tests.servers import EXAMPLE
from tests.typed import carepath
from worker.sample_agencies.run import SECRET, TOKEN

ONE = "{id: a-1, name: Example, address: 1 Main Street, channel: CHANNEL}"


def written(folder: Path, text: str) -> Path:
    file = folder / "agencies.yaml"
    file.write_text(text, "utf-8")
    return file


def with_channel(channel: str) -> str:
    return f"agencies:\n  - {ONE.replace('CHANNEL', channel)}"


def reach(folder: Path) -> Reach:
    return Reach("smtp://127.0.0.1:1", "office@clinic.example", folder / "letters")


def test_the_example_has_one_agency_for_each_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "token")
    monkeypatch.setenv(SECRET, "secret")
    agencies = Agencies.of_file(EXAMPLE / "agencies.yaml", reach(tmp_path))
    kinds = {
        name: type(agencies.channel_of(agencies.get(name)))
        for name in ("pantry-1", "careers-1", "counselor-1", "health-1")
    }
    assert kinds == {
        "pantry-1": Fhir,
        "careers-1": AgencyWebhook,
        "counselor-1": AgencyEmail,
        "health-1": Letter,
    }
    assert agencies.missing_secrets() == []
    assert agencies.get("hospital-1").medical
    assert agencies.get("counselor-1").classes == {"treating_providers"}


TWICE = "agencies:" + 2 * with_channel("{type: letter}").removeprefix("agencies:")
MISTAKES = [
    (TWICE, "two agencies have the id a-1; give each its own"),
    (with_channel("{type: letter}").replace("id: a-1", "id: payers"), "payers is a class of recipients"),
    ("agencies: [{id: a-1, id: a-2}]", "id is given twice in line 1"),
    (with_channel("{type: pigeon}"), "agency a-1: channel: "),
    (with_channel("{type: fhir}"), "agency a-1: channel.url: Field required"),
    (with_channel("{type: fhir, url: http://agency.example/fhir}"), "agency a-1: channel.url: must begin with https"),
    (with_channel("{type: fhir, url: ftp://agency.example}"), "channel.url: must be a web address"),
    (with_channel("{type: fhir, url: https://10.0.0.5/fhir}"),
     "agency a-1: channel: url: lies in a private network; say own_network: true if that is the clinic's own"),
    (with_channel("{type: webhook, url: https://169.254.169.254/latest, secret_env: S, own_network: true}"),
     "agency a-1: channel: url: is an address of the machine's own surroundings, such as a metadata service"),
    (with_channel("{type: fhir, url: https://u:p@agency.example}"), "channel.url: holds a user or a password"),
    (with_channel("{type: fhir, url: 'https://agency.example/?a=1'}"), "channel.url: must be a web address"),
    (with_channel("{type: fhir, url: https://agency.example/, poll_minutes: 14}"),
     "channel.poll_minutes: Input should be greater than or equal to 15"),
    (with_channel("{type: fhir, url: https://agency.example, token: abc}"), "channel.token: Extra inputs"),
    (with_channel("{type: webhook, url: https://agency.example, secret_env: hunter2}"), "channel.secret_env: "),
    (with_channel("{type: webhook, url: https://agency.example}"), "channel.secret_env: Field required"),
    (with_channel("{type: email, to: nobody}"), "channel.to: must be one mail address"),
    (with_channel("{type: email, to: 'a@b.example, c@d.example'}"), "channel.to: must be one mail address"),
    (with_channel("{type: letter}").replace("id: a-1", "id: 7"), "agency number 1: id: Input should be a valid string"),
    (with_channel("{type: letter}").replace("id: a-1", "id: 'Example Pantry'"), "agency Example Pantry: id: "),
    (with_channel("{type: letter}").replace("name: Example", "name: ' '"), "agency a-1: name: "),
    (with_channel("{type: letter}, classes: [friends]"), "agency a-1: classes.0: friends is not a class"),
    (with_channel("{type: letter}, servces: [food]"), "agency a-1: servces: Extra inputs"),
    ("office: {name: Example Recovery Center}", "office.name: the sender holds 'recover'"),
    ("office: {phone: 1-800-SOBER}", "office.phone: the phone number must be digits"),
    ("agencies: 5", "agencies: "),
    ("[]", "Input should be a valid dictionary"),
    ("agencies:\n  - [", "is neither JSON nor YAML: expected the node content, but found '<stream end>' in line 2"),
    ("{[1]: 2, [1]: 3}", "agencies.yaml: "),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), MISTAKES, ids=[sentence for _, sentence in MISTAKES])
def test_each_mistake_is_named_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(AgenciesFileError) as refused:
        load(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert sentence in str(refused.value)
    assert "hunter2" not in str(refused.value), "a secret that was pasted by mistake is not shown"


def test_a_missing_file_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(AgenciesFileError, match="set CAREPATH_AGENCIES to the file"):
        load(tmp_path / "none.yaml")


@given(st.text() | st.binary())
@settings(deadline=None)
def test_any_file_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    file = tmp_path_factory.mktemp("book") / "agencies.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    try:
        load(file)
    except AgenciesFileError as error:
        assert str(error).startswith(str(file))


def test_a_street_that_only_sounds_like_it_is_no_mistake(tmp_path: Path) -> None:
    file = written(tmp_path, "office: {address: '5 Studio Plaza, Anytown'}")
    assert load(file).office.address == "5 Studio Plaza, Anytown"


def test_an_unknown_agency_is_named_with_the_remedy(tmp_path: Path) -> None:
    agencies = Agencies(AgencyBook(), reach(tmp_path))
    with pytest.raises(UnknownAgency, match="there is no agency a-9; add it to the agencies file"):
        agencies.get("a-9")
    with pytest.raises(UnknownAgency):
        agencies.channel_of(agency())


def test_a_missing_secret_keeps_a_sending_back_and_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(
        tmp_path, with_channel("{type: webhook, url: https://agency.example, secret_env: AGENCY_SECRET}")
    )
    agencies = Agencies.of_file(file, reach(tmp_path))
    for value in (None, "", "  "):
        monkeypatch.setenv("AGENCY_SECRET", value) if value is not None else monkeypatch.delenv(
            "AGENCY_SECRET", raising=False
        )
        with pytest.raises(Transient, match="AGENCY_SECRET is not set"):
            agencies.channel_of(agencies.get("a-1"))
        assert agencies.missing_secrets() == ["agency a-1: the environment variable AGENCY_SECRET is not set"]
    monkeypatch.setenv("AGENCY_SECRET", "made up")
    assert isinstance(agencies.channel_of(agencies.get("a-1")), AgencyWebhook)


def test_the_command_shows_the_agencies_and_refuses_a_wrong_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "token")
    monkeypatch.setenv(SECRET, "secret")
    monkeypatch.setenv("CAREPATH_AGENCIES", str(EXAMPLE / "agencies.yaml"))
    shown = carepath("agencies", "--json")
    assert shown.returncode == 0, shown.stderr
    assert "intake@counseling.example" in shown.stdout
    monkeypatch.delenv(SECRET)
    assert f"variable {SECRET} is not set" in carepath("agencies").stderr
    monkeypatch.setenv("CAREPATH_AGENCIES", str(written(tmp_path, "agencies: 5")))
    refused = carepath("agencies")
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
