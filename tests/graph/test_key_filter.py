from hypothesis import given
from hypothesis import strategies as st

from graph.caching.key_filter import KeyFilter


@given(st.lists(st.text()))
def test_no_key_is_forgotten(keys):
    known = KeyFilter()
    for key in keys:
        known.add(key)
    assert all(key in known for key in keys)


def test_few_others_are_taken_for_known():
    known = KeyFilter()
    assert "a" not in known
    for number in range(200_000):
        known.add(f"known {number}")
    taken = sum(f"other {number}" in known for number in range(20_000))
    assert taken < 200
