"""Infotexts. Oracles: texts as the WebUI's versions wrote them, and the round trip through `write` and `parse`."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.infotext import InfotextError, Parameters, is_infotext, parse, write
from diffusion.infotext.names import read_sampler, write_sampler

MODERN = """a cat, (hat:1.2), <lora:Foo:0.8>
on a mat
Negative prompt: bad: x, y
more
Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234567890, Size: 512x768, \
Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Denoising strength: 0.7, Clip skip: 2, \
Hires prompt: "a \\"big\\" cat,\\nblue: yes", \
Hires upscale: 2, ControlNet 0: "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 1.0", \
Lora hashes: "Foo: 0123456789ab, Bar: ba9876543210", Tiling: True, Foo, Version: v1.10.1"""


def test_an_infotext_is_taken_apart():
    found = parse(MODERN)
    assert found.prompt == "a cat, (hat:1.2), <lora:Foo:0.8>\non a mat"
    assert found.negative == "bad: x, y\nmore"
    assert len(found.fields) == 17
    assert found.fields["Hires prompt"] == 'a "big" cat,\nblue: yes'
    assert found.fields["ControlNet 0"].endswith("Model: control_v11p_sd15_canny [d14c016b], Weight: 1.0")
    assert found.fields["Lora hashes"] == "Foo: 0123456789ab, Bar: ba9876543210"
    assert found.fields["Foo"] == "Foo"
    assert list(found.fields)[-1] == "Version"
    assert write(found) == MODERN


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("a girl, standing: yes, hat: no", "a girl, standing: yes, hat: no"),
        ("masterpiece, best quality: 1.2, hair: red, eyes: blue", None),
        ("a cat\nwith Negative prompt: in a line", None),
        ("Steps: 20 of stairs", None),
    ],
)
def test_prompts_with_colons_are_no_entries(text, prompt):
    assert parse(text) == Parameters(prompt or text)
    assert not is_infotext(text)


def test_values_of_other_programs_are_read():
    civitai = 'a\nSteps: 30, Civitai resources: [{"type":"checkpoint","weight":1.0},{"a":"b, c"}], Clip skip: 2'
    assert parse(civitai).fields["Civitai resources"] == '[{"type":"checkpoint","weight":1.0},{"a":"b, c"}]'
    assert parse(civitai).fields["Clip skip"] == "2"
    after = 'a\nSteps: 3, Seed: 1, Broken: "x, Size: 8x8\nTemplate: a {b|c}\r\nNegative Template: d'
    fields = parse(after).fields
    assert fields["Template"] == "a {b|c}"
    assert fields["Negative Template"] == "d"
    assert fields["Broken"] == '"x'
    assert fields["Size"] == "8x8"
    assert parse("Steps: 1, Seed: 2").prompt == ""


def test_a_text_that_is_far_too_long_is_refused():
    with pytest.raises(InfotextError, match="too long"):
        parse("a" * (5 << 20))


NAMES = st.text(string.ascii_letters + string.digits + " /-", min_size=1, max_size=12).map(str.strip).filter(bool)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["a, b: c", '"', "[1, 2", "猫\n"]
)
LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=60)


@given(LINES, LINES, st.dictionaries(NAMES, VALUES, max_size=8))
def test_what_is_written_is_read_again(prompt, negative, fields):
    entries = {
        "Steps": "20",
        "Seed": "1",
        **{key: value for key, value in fields.items() if key not in ("Steps", "Seed")},
    }
    given_parameters = Parameters(prompt, negative, entries)
    if "Negative prompt:" in prompt + negative or "Steps:" in prompt + negative:
        return
    assert parse(write(given_parameters)) == given_parameters


@given(st.text(max_size=200))
def test_no_text_is_too_strange(text):
    parse(text)
    parse(f"{text}\nSteps: 1, {text}")
    parse(f'a\nSteps: 1, A: {json.dumps(text)}"')


@pytest.mark.parametrize(
    ("name", "schedule", "wanted"),
    [
        ("Euler a", None, ("euler_ancestral", "normal")),
        ("DPM++ 2M", None, ("dpmpp_2m", "normal")),
        ("DPM++ 2M", "Automatic", ("dpmpp_2m", "karras")),
        ("DPM++ 2M Karras", None, ("dpmpp_2m", "karras")),
        ("DPM++ 2M SDE Heun Exponential", None, ("dpmpp_2m_sde_heun", "exponential")),
        ("DPM++ 3M SDE", "SGM Uniform", ("dpmpp_3m_sde", "sgm_uniform")),
        ("k_dpmpp_2s_a_ka", None, ("dpmpp_2s_ancestral", "karras")),
        ("K_EULER_A", None, ("euler_ancestral", "normal")),
        ("dpm2 a karras", None, ("dpm_2_ancestral", "karras")),
        ("DDIM", None, ("ddim", "ddim_uniform")),
        ("UniPC", "Automatic", ("uni_pc", "ddim_uniform")),
        ("res_multistep", "simple", ("res_multistep", "simple")),
        ("Euler", "kl_optimal", ("euler", "kl_optimal")),
    ],
)
def test_names_of_samplers(name, schedule, wanted):
    found = read_sampler(name, schedule)
    assert (found.sampler, found.schedule) == wanted
    assert found.label is not None
    assert found.known_schedule


def test_names_that_nobody_knows():
    assert read_sampler("Undefined", None).label is None
    assert not read_sampler("Euler", "AYS GITS").known_schedule


@pytest.mark.parametrize("sampler", ["euler_ancestral", "dpmpp_2m_sde_gpu", "dpmpp_2m_cfg_pp", "lcm"])
@pytest.mark.parametrize("schedule", ["karras", "normal", "beta", "linear_quadratic"])
def test_written_names_mean_the_same(sampler, schedule):
    found = read_sampler(*write_sampler(sampler, schedule))
    assert (found.sampler, found.schedule) == (sampler.removesuffix("_gpu"), schedule)
