"""Values that have a stored form, for hypothesis, and what it means that two are equal."""

import math
from typing import Any

from hypothesis import strategies as st

from graph.values import Blocked, Items

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
    st.complex_numbers(allow_nan=False),
)
# A NaN in a set is found by its identity alone, which no stored form can keep.
hashable = scalars.filter(lambda value: value == value)
keys = st.one_of(hashable, st.tuples(hashable, hashable), st.frozensets(hashable, max_size=3))
values = st.recursive(
    st.one_of(scalars, st.builds(Blocked, st.none() | st.text("ab ")), st.binary().map(bytearray)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.lists(inner, max_size=4).map(Items),
        st.dictionaries(keys, inner, max_size=4),
        st.sets(keys, max_size=4),
    ),
    max_leaves=20,
)


def same(one: Any, other: Any) -> bool:
    """Whether two values have the same types and values all the way down; NaN is NaN, and 0.0 is not -0.0."""
    if type(one) is not type(other):
        return False
    match one:
        case float():
            return (math.isnan(one) and math.isnan(other)) or (one, math.copysign(1, one)) == (
                other,
                math.copysign(1, other),
            )
        case complex():
            return same(one.real, other.real) and same(one.imag, other.imag)
        case list() | tuple():
            return len(one) == len(other) and all(map(same, one, other))
        case dict():
            return same(list(one), list(other)) and same(list(one.values()), list(other.values()))
        case set() | frozenset():
            return one == other
    return one == other
