"""Words for prompts: tags of the user's files, embeddings, LoRAs."""

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.running_server import RunningServer, Session

TAGS = """1girl,0,6000000,"1girls,sole_female"
long_hair,0,4300000,"longhair,/lh"
hair_ornament,0,1400000,
chair,0,90000,
hair,0,500,
fate_(series),3,200000,fate
night_sky,0,80000,
"""
TRANSLATIONS = "long_hair,长发\n1girl,女孩\nnight_sky,夜空\n"


@pytest.fixture(scope="module", autouse=True)
def files(server: RunningServer) -> Path:
    folder = server.base / "user" / "tags"
    folder.mkdir(parents=True)
    (folder / "danbooru.csv").write_text(TAGS, encoding="utf-8")
    (folder / "chinese.csv").write_text(TRANSLATIONS, encoding="utf-8-sig")
    for path in ("embeddings/neg/deep.safetensors", "embeddings/night-mood.pt", "loras/hair_style.safetensors"):
        file = server.base / "models" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return folder


async def names(session: Session, *queries: str, **more: str) -> list[str]:
    query = "&".join([*(f"q={quote(each)}" for each in queries), *(f"{key}={value}" for key, value in more.items())])
    return [found["name"] for found in (await session.get(f"/api/completions?{query}"))["completions"]]


async def test_the_whole_name_comes_first_then_beginnings_then_words_in_it(session: Session):
    assert await names(session, "hair") == ["hair", "hair_ornament", "long_hair", "chair"]


async def test_aliases_find_their_tag_and_are_told(session: Session):
    (found,) = (await session.get("/completions?q=fate"))["completions"]
    assert found == {"kind": "tag", "name": "fate_(series)", "count": 200000, "category": 3}
    (found,) = (await session.get("/completions?q=sole"))["completions"]
    assert (found["name"], found["alias"]) == ("1girl", "sole_female")


async def test_chinese_names_of_another_file_find_the_tag(session: Session):
    assert await names(session, "长发") == ["long_hair"]
    assert await names(session, "空") == ["night_sky"]


async def test_spaces_and_wide_letters_are_no_difference(session: Session):
    assert await names(session, "Long H") == ["long_hair"]
    assert await names(session, "ｌｏｎｇ") == ["long_hair"]


async def test_of_several_queries_the_first_that_finds_something_holds(session: Session):
    answer = await session.get("/completions?q=a+girl+with+long+ha&q=with+long+ha&q=long+ha&q=ha")
    assert answer["query"] == "long ha"
    assert [found["name"] for found in answer["completions"]] == ["long_hair"]
    assert await session.get("/completions?q=xyzzy") == {"query": None, "completions": []}


async def test_files_are_found_by_their_kind(session: Session):
    assert await names(session, "night") == ["night-mood", "night_sky"]
    assert await names(session, "", kinds="embedding") == ["neg/deep", "night-mood"]
    assert await names(session, "deep", kinds="embedding") == ["neg/deep"]
    assert await names(session, "hair", kinds="lora") == ["hair_style"]


async def test_a_changed_file_is_read_again(session: Session, files: Path):
    assert await names(session, "quokka") == []
    (files / "mine.csv").write_text("name,category,count\nquokka,0,3\n", encoding="utf-8")
    assert await names(session, "quokka") == ["quokka"]
    (files / "mine.csv").unlink()
    assert await names(session, "quokka") == []


@pytest.mark.parametrize("query", ["q=a&kinds=colour", "q=a&limit=0", "q=a&limit=many"])
async def test_nonsense_is_refused(session: Session, query: str):
    assert (await session.get(f"/completions?{query}", status=400))["error"]["message"].endswith(".")
