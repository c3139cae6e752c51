"""Lists of tags: any file is read, and what a query finds is in it."""

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from graph.files.tag_files import TagFiles, folded, index_of

NAMES = st.text(alphabet="abc_ABC长发ｘ()", min_size=1, max_size=8)


def test_rows_of_several_shapes_are_read(tmp_path: Path):
    (tmp_path / "a.csv").write_text('name,category,count,aliases\nfog,0,12,"mist, haze"\nrain\nsnow,40\n\n', "utf-8")
    (tmp_path / "b.csv").write_text("fog,雾\nsnow,0,雪\n", "utf-8")
    index = TagFiles(tmp_path).index()
    assert {tag.name: tag.uses for tag in index.tags} == {"fog": 12, "rain": 0, "snow": 40}
    assert [index.search(query, 5)[0].tag.name for query in ("mist", "haze", "雾", "雪", "ra")] == [
        *("fog", "fog", "fog", "snow", "rain")
    ]


def test_damaged_files_are_no_hindrance(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b'\xff\xfe\x00"unclosed\nfog,1\n')
    (tmp_path / "b.csv").write_text("rain,5\n", "utf-8")
    (tmp_path / "c.csv").mkdir()
    files = TagFiles(tmp_path)
    assert [found.tag.name for found in files.index().search("rain", 5)] == ["rain"]
    assert TagFiles(tmp_path / "none").index().search("rain", 5) == []


def test_files_are_read_again_only_when_they_have_changed(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("fog,1\n", "utf-8")
    files = TagFiles(tmp_path)
    first = files.index()
    assert files.index() is first
    path.write_text("mist,1\n", "utf-8")
    assert files.index() is not first


@given(st.dictionaries(NAMES, st.integers(0, 10**7), max_size=12), NAMES)
def test_everything_that_contains_a_query_is_found_and_nothing_else(tags: dict[str, int], query: str):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tags.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([name, 0, uses] for name, uses in tags.items())
        found = index_of([path]).search(query, 100)
    assert {each.tag.name for each in found} == {name for name in tags if folded(query) in folded(name)}
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)
