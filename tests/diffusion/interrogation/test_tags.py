"""Tags as text: the order of operations that reference programs have, on a table of scores made by hand."""

from diffusion.interrogation.tags import TagStyle, names_in, written

SCORES = {
    "rating:safe": 0.99,
    "long_hair": 0.98,
    "smile": 0.5,
    ":)": 0.9,
    "saber_(fate)": 0.7,
    "back\\slash": 0.6,
    "hat": 0.49,
    ">_<": 0.8,
}


def test_tags_are_sorted_by_name_and_told_from_the_threshold_on():
    assert written(SCORES, 0.5, TagStyle(escape=False)) == ":), > <, back\\slash, long hair, saber (fate), smile"


def test_by_score_with_weights_and_escaped_signs():
    style = TagStyle(alphabetical=False, ranks=True)
    told = written(SCORES, 0.6, style)
    assert told == r"(long hair:0.980), (:\):0.900), (> <:0.800), (saber \(fate\):0.700), (back\\slash:0.600)"


def test_tags_are_left_out_by_their_own_names_before_they_are_written_otherwise():
    without = names_in("long hair, saber_(fate)\nSmile,,")
    assert without == {"long_hair", "saber_(fate)", "Smile"}
    assert written(SCORES, 0.5, TagStyle(without=without)) == r":\), > <, back\\slash, smile"
    assert written(SCORES, 0.9, TagStyle(without=frozenset({"long hair"}))) == r":\)"
    # what is compared is the tag, not what is written of it
    assert "saber" in written(SCORES, 0.5, TagStyle(without=frozenset({r"saber \(fate\)"})))


def test_ratings_are_never_told_and_faces_keep_their_underscore_if_wanted():
    assert "rating" not in written(SCORES, 0.0, TagStyle())
    assert written(SCORES, 0.75, TagStyle(keep_faces=True, escape=False)) == ":), >_<, long hair"
    assert written(SCORES, 0.75, TagStyle(spaces=False, escape=False)) == ":), >_<, long_hair"
    assert written(SCORES, 1.0, TagStyle()) == ""
