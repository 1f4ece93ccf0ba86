"""The chain of a journal shows what was changed, left out, moved or brought from elsewhere (T3)."""

from hypothesis import assume, given
from hypothesis import strategies as st

from activities.clinic_database.journal_chain import Key, Link, continued, problems

KEY, OTHER_KEY = Key(b"k" * 32), Key(b"o" * 32)
OF, OTHER = "episode-e1", "episode-e2"
TEXTS = st.lists(st.text(max_size=20), min_size=1, max_size=8)


def chain_of(texts: list[str], of: str = OF, key: Key = KEY) -> list[Link]:
    return continued(key, of, [], texts)


@given(TEXTS, st.integers(0, 8))
def test_T3_a_chain_that_was_written_in_parts_holds(texts: list[str], cut: int) -> None:
    begun = continued(KEY, OF, [], texts[:cut])
    whole = begun + continued(KEY, OF, begun[-1:], texts[cut:])
    assert whole == chain_of(texts)
    assert problems(KEY, OF, whole) == []
    assert [link.number for link in whole] == list(range(len(texts)))


@given(TEXTS, st.data())
def test_T3_a_changed_line_is_seen(texts: list[str], data: st.DataObject) -> None:
    chain = chain_of(texts)
    number = data.draw(st.integers(0, len(chain) - 1))
    said = data.draw(st.text(max_size=20))
    assume(said != chain[number].line)
    chain[number] = chain[number]._replace(line=said)
    assert any(f"line {number} is not what was written" in one for one in problems(KEY, OF, chain))


@given(TEXTS, st.data())
def test_T3_a_hole_is_seen_unless_it_is_the_end(texts: list[str], data: st.DataObject) -> None:
    chain = chain_of(texts)
    number = data.draw(st.integers(0, len(chain) - 1))
    left = chain[:number] + chain[number + 1 :]
    found = problems(KEY, OF, left)
    if number == len(chain) - 1:
        assert found == []
    else:
        assert f"line {number} is missing" in found


@given(TEXTS, st.data())
def test_T3_lines_that_have_changed_places_are_seen(texts: list[str], data: st.DataObject) -> None:
    assume(len(texts) > 1)
    chain = chain_of(texts)
    first, second = sorted(data.draw(st.permutations(range(len(chain))))[:2])
    chain[first], chain[second] = (
        chain[second]._replace(number=first),
        chain[first]._replace(number=second),
    )
    assert problems(KEY, OF, chain)


@given(TEXTS, TEXTS, st.data())
def test_T3_a_line_of_another_journal_is_named_as_such(
    texts: list[str], others: list[str], data: st.DataObject
) -> None:
    chain, foreign = chain_of(texts), chain_of(others, OTHER)
    number = data.draw(st.integers(0, min(len(chain), len(foreign)) - 1))
    chain[number] = foreign[number]
    assert f"line {number} is a line of {OTHER}" in problems(KEY, OF, chain, [OF, OTHER])


@given(TEXTS)
def test_T3_a_chain_under_another_key_is_not_ours(texts: list[str]) -> None:
    found = problems(KEY, OF, chain_of(texts, key=OTHER_KEY))
    assert len(found) == len(texts)
    assert all("another key" in one for one in found)
    assert OTHER_KEY.id in found[0]


def test_a_line_that_was_replaced_with_the_key_at_hand_breaks_the_next_one() -> None:
    chain = chain_of(["a", "b", "c"])
    chain[1] = continued(KEY, OF, chain[:1], ["other"])[0]
    assert problems(KEY, OF, chain) == ["line 2 does not follow the line before it; one of them was replaced"]


def test_P1_the_id_of_a_key_tells_nothing_of_it() -> None:
    assert KEY.id != OTHER_KEY.id
    assert KEY.secret.hex()[:8] not in KEY.id
