"""Names of annotators, and that everything which is offered can be asked for."""

import re

import pytest
import torch

from diffusion.annotators.annotator import AnnotatorError
from diffusion.annotators.registry import ANNOTATORS, OTHER_NAMES, find
from diffusion.weights import WeightsError


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("canny", "canny"),
        ("depth", "depth_midas"),
        ("hed", "hed"),
        ("softedge_hedsafe", "hed_safe"),
        ("fake_scribble", "scribble_hed"),
        ("openpose_hand", "openpose_hand"),
        ("normal_map", "normal_midas"),
        ("lineart_realistic", "lineart"),
        ("color", "color_grid"),
        ("HEDPreprocessor", "hed"),
    ],
)
def test_names_of_other_programs(name, meant):
    assert find(name).name == meant


def test_other_names_stand_for_annotators_and_hide_none():
    assert set(OTHER_NAMES.values()) <= set(ANNOTATORS)
    assert not set(OTHER_NAMES) & set(ANNOTATORS)
    assert all(name == annotator.name for name, annotator in ANNOTATORS.items())


def test_an_unknown_name_is_answered_with_similar_ones():
    with pytest.raises(AnnotatorError, match="There is no preprocessor 'cany': choose another one, for example canny"):
        find("cany")


def test_defaults_are_within_their_ranges():
    for annotator in ANNOTATORS.values():
        for option in annotator.options:
            assert option.low <= option.default <= option.high, (annotator.name, option.name)


@pytest.mark.parametrize("name", ANNOTATORS)
def test_each_works_at_once_or_names_its_files(name, tmp_path):
    picture = torch.rand(1, 64, 80, 3, generator=torch.Generator().manual_seed(0))
    annotator = ANNOTATORS[name]
    if not annotator.networks:
        result = annotator.annotate(picture, folders=[tmp_path], resolution=64)
        assert result.shape == picture.shape
        assert result.min() >= 0
        assert result.max() <= 1
        return
    with pytest.raises(WeightsError) as caught:
        annotator.annotate(picture, folders=[tmp_path])
    said = str(caught.value)
    assert re.match(r"Missing from models/annotators: .*\. Put it there", said)
    for network in annotator.networks:
        assert network.names[0] in said
