"""The payload codec and its keys: what is sealed opens again with the right key, unchanged, and with no other."""

import base64
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from worker.codec.codec import KEY_ID, Codec, Plain, encrypting
from worker.codec.keys import KEY_BYTES, UnknownKey, add_key, load_keys
from worker.connection import connect
from worker.errors import CannotDo
from worker.settings import Settings


def line(key_id: str, fill: int = 1) -> str:
    return f"{key_id}:{base64.b64encode(bytes([fill]) * KEY_BYTES).decode()}\n"


def codec_of(folder: Path, *lines: str) -> Codec:
    file = folder / "keys"
    file.write_text("".join(lines))
    return Codec(load_keys(file))


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Codec:
    return codec_of(tmp_path_factory.mktemp("keys"), line("a"))


@given(
    st.lists(st.builds(Payload, data=st.binary(), metadata=st.dictionaries(st.text(max_size=9), st.binary())))
)
async def test_P1_what_is_sealed_opens_again_and_shows_nothing(
    sealing: Codec, payloads: list[Payload]
) -> None:
    sealed = await sealing.encode(payloads)
    assert await sealing.decode(sealed) == payloads
    for before, after in zip(payloads, sealed, strict=True):
        assert len(before.data) < 4 or before.data not in after.data
        assert set(after.metadata) == {"encoding", KEY_ID}


async def test_the_same_payload_is_never_sealed_the_same(sealing: Codec) -> None:
    payload = Payload(data=b"positive")
    sealed = await sealing.encode([payload] * 100)
    assert len({one.data for one in sealed}) == 100


@given(st.data())
async def test_a_payload_that_was_changed_does_not_open(sealing: Codec, data: st.DataObject) -> None:
    [sealed] = await sealing.encode([Payload(data=b"sober since 1 Mar")])
    at = data.draw(st.integers(0, len(sealed.data) - 1))
    changed = bytearray(sealed.data)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CannotDo, match="was changed"):
        await sealing.decode([Payload(metadata=sealed.metadata, data=bytes(changed))])


@pytest.mark.parametrize("left", [0, 1, 12, 20])
async def test_a_payload_that_was_cut_off_does_not_open(sealing: Codec, left: int) -> None:
    [sealed] = await sealing.encode([Payload(data=b"sober since 1 Mar")])
    with pytest.raises(CannotDo, match="was changed"):
        await sealing.decode([Payload(metadata=sealed.metadata, data=sealed.data[:left])])


async def test_P1_what_is_not_sealed_passes_only_where_histories_began_without_a_key(sealing: Codec) -> None:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"{}")
    with pytest.raises(Plain, match="is not encrypted, and this clinic takes nothing else"):
        await sealing.decode([plain])
    assert await Codec(sealing.keys, strict=False).decode([plain]) == [plain]


async def test_a_new_key_encrypts_and_the_old_one_still_decrypts(tmp_path: Path) -> None:
    [old] = await codec_of(tmp_path, line("2026", 1)).encode([Payload(data=b"x")])
    both = codec_of(tmp_path, line("2027", 2), line("2026", 1))
    [new] = await both.encode([Payload(data=b"y")])
    assert new.metadata[KEY_ID] == b"2027"
    assert [one.data for one in await both.decode([old, new])] == [b"x", b"y"]
    with pytest.raises(UnknownKey, match=r"key 2026 is not in .*keys.*put its line back"):
        await codec_of(tmp_path, line("2027", 2)).decode([old])


async def test_another_key_of_the_same_id_is_told_from_the_right_one(tmp_path: Path) -> None:
    [sealed] = await codec_of(tmp_path, line("a", 1)).encode([Payload(data=b"x")])
    with pytest.raises(CannotDo, match="another key of the same id"):
        await codec_of(tmp_path, line("a", 2)).decode([sealed])


async def test_P1_the_text_of_an_error_is_sealed_too(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(line("a"))
    converter = encrypting(load_keys(tmp_path / "keys"))
    failure = Failure()
    await converter.encode_failure(ApplicationError("use on 1 Mar", type="InvalidEntry"), failure)
    assert b"1 Mar" not in failure.SerializeToString()
    assert "use on 1 Mar" in str(await converter.decode_failure(failure))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no key"),
        ("# none yet\n\n", "has no key"),
        ("secret\n", "line 1 of .* the key has 0 bytes"),
        ("two words:eA==\n", "line 1 of .* an id has letters"),
        (line("a") + "b:not base64!\n", "line 2 of .* is not base64"),
        (line("a") + "b:c2hvcnQ=\n", "line 2 of .* has 5 bytes and not 32"),
        (line("a") + line("a", 2), "line 2 of .* two keys with the id a"),
    ],
)
def test_a_key_file_that_cannot_be_used_says_which_line_and_never_its_key(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "keys").write_text(text)
    with pytest.raises(CannotDo, match=says) as error:
        load_keys(tmp_path / "keys")
    assert "secret" not in str(error.value)
    assert "not base64!" not in str(error.value)


def test_keys_are_made_for_their_owner_alone_and_a_second_one_does_not_encrypt_at_once(
    tmp_path: Path,
) -> None:
    file = tmp_path / "new" / "keys"
    assert add_key(file, "2026")
    assert os.stat(file).st_mode & 0o777 == 0o600
    file.write_text(file.read_text().rstrip("\n"))  # as an editor may leave it
    assert not add_key(file, "2027")
    keys = load_keys(file)
    assert keys.newest == "2026"
    assert list(keys.ciphers) == ["2026", "2027"]
    with pytest.raises(CannotDo, match="has a key 2027 already"):
        add_key(file, "2027")
    with pytest.raises(CannotDo, match="is no id"):
        add_key(file, "a:b")


def test_the_keys_do_not_stand_in_what_is_printed_of_them(tmp_path: Path) -> None:
    add_key(tmp_path / "keys", "a")
    assert "AESGCM" not in repr(load_keys(tmp_path / "keys"))


async def test_a_server_elsewhere_is_refused_without_encryption_and_tried_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An address of RFC 5737, behind which is nothing.
    monkeypatch.setenv("TEMPORAL_ADDRESS", "192.0.2.1:7233")
    with pytest.raises(
        CannotDo, match=r"CAREPATH_CODEC is off, and 192\.0\.2\.1:7233 is not on this machine"
    ):
        await connect(Settings())
    with pytest.raises(CannotDo, match="cannot be read"):
        await connect(Settings(codec=str(tmp_path / "none")))
