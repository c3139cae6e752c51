"""What trained files say of their pictures: folders, tags, sizes, and the words that bring out what was learned.

The keys and the forms are those of kohya's scripts, which the WebUI and editors of metadata read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from diffusion.training.buckets import Buckets, Size
from diffusion.training.captions import CaptionRules
from diffusion.training.samples import Sample


def of_pictures(samples: Sequence[Sample], buckets: Buckets, rules: CaptionRules, batch: int) -> dict[str, object]:
    """The entries of metadata that are about pictures. batch: how many the network sees at once."""
    folders = _folders(samples)
    weights = {sample.weight for sample in samples if _is_of_class(sample)}
    tags = {name: dict(_tags(each, rules)) for name, each in folders.items()}
    common: dict[str, object] = {
        "resolution": buckets.size,
        "enable_bucket": not buckets.square,
        "min_bucket_reso": buckets.low,
        "max_bucket_reso": buckets.high,
    }
    counts: dict[str, object] = {
        "num_train_images": sum(sample.repeats for sample in samples if not _is_of_class(sample)),
        "num_reg_images": sum(sample.repeats for sample in samples if _is_of_class(sample)),
    }
    written = {"tag_frequency": tags, "bucket_info": _bucket_info(samples)}
    augmentation = {"color_aug": False, "flip_aug": _flips(samples), "random_crop": False}
    subsets = [_subset(name, each, rules) | augmentation for name, each in folders.items()]
    dataset = {"is_dreambooth": True, "batch_size_per_device": batch, **counts, **common, **written}
    found: dict[str, object] = {
        **counts,
        **common,
        **augmentation,
        **{name: json.dumps(value) for name, value in written.items()},
        "bucket_no_upscale": not buckets.enlarge,
        "cache_latents": True,
        "face_crop_aug_range": None,
        "prior_loss_weight": weights.pop() if len(weights) == 1 else 1.0,
        "dataset_dirs": json.dumps(_directories(folders, of_class=False)),
        "reg_dataset_dirs": json.dumps(_directories(folders, of_class=True)),
        "datasets": json.dumps([{**dataset, "subsets": subsets}]),
    }
    return {f"ss_{name}": value for name, value in found.items()}


def _is_of_class(sample: Sample) -> bool:
    """Whether it is there so that the model does not forget something: its weight is that of the prior."""
    return sample.weight != 1 or sample.preserved


def _folders(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    """Samples that are treated alike, by a name for them: that of their folder, as far as nothing else has it."""
    alike: dict[tuple[str, int, float, bool], list[Sample]] = {}
    for sample in samples:
        alike.setdefault((sample.concept, sample.repeats, sample.weight, sample.preserved), []).append(sample)
    found: dict[str, list[Sample]] = {}
    for (concept, *_), each in alike.items():
        name, number = concept, 1
        while name in found:
            number += 1
            name = f"{concept} ({number})"
        found[name] = each
    return found


def _directories(folders: Mapping[str, Sequence[Sample]], of_class: bool) -> dict[str, object]:
    return {
        name: {"n_repeats": samples[0].repeats, "img_count": len(samples)}
        for name, samples in folders.items()
        if _is_of_class(samples[0]) == of_class
    }


def _subset(name: str, samples: Sequence[Sample], rules: CaptionRules) -> dict[str, object]:
    return {
        "img_count": len(samples),
        "num_repeats": samples[0].repeats,
        "shuffle_caption": rules.shuffle,
        "keep_tokens": rules.keep_tokens,
        "keep_tokens_separator": rules.keep_separator or None,
        "secondary_separator": rules.group_separator or None,
        "enable_wildcard": True,
        "caption_prefix": rules.prefix or None,
        "caption_suffix": rules.suffix or None,
        "image_dir": name,
        "class_tokens": samples[0].concept,
        "is_reg": _is_of_class(samples[0]),
    }


def _tags(samples: Sequence[Sample], rules: CaptionRules) -> Counter[str]:
    """How many captions have each tag."""
    return Counter(tag for sample in samples for tag in _split(sample.caption, rules))


def _split(caption: str, rules: CaptionRules) -> list[str]:
    """The tags of a caption, but for parts of a choice, which is another text each time."""
    return [tag for tag in rules.tags(caption) if not any(mark in tag for mark in "{|}")]


def _size(sample: Sample) -> Size:
    """What it was cut to."""
    return int(sample.settings.get("target_width", 0)), int(sample.settings.get("target_height", 0))


def _bucket_info(samples: Sequence[Sample]) -> dict[str, Any]:
    counts = Counter[Size]()
    for sample in samples:
        counts[_size(sample)] += sample.repeats
    errors = [_ratio_error(sample) for sample in samples]
    return {
        "buckets": {
            str(number): {"resolution": size, "count": counts[size]} for number, size in enumerate(sorted(counts))
        },
        "mean_img_ar_error": sum(errors) / max(1, len(errors)),
    }


def _ratio_error(sample: Sample) -> float:
    """How far the shape of a picture is from that of its bucket."""
    (across, down), width, height = _size(sample), sample.settings.get("width"), sample.settings.get("height")
    return abs(across / down - width / height) if width and height and down else 0.0


def _flips(samples: Sequence[Sample]) -> bool:
    return any(sample.flipped is not None for sample in samples)


def concepts(samples: Sequence[Sample]) -> list[str]:
    """What was learned, without the classes that were not to be forgotten."""
    return list(dict.fromkeys(sample.concept for sample in samples if not _is_of_class(sample)))


def triggers(samples: Sequence[Sample], rules: CaptionRules) -> list[str]:
    """Of each concept the tag with which all its captions begin, where they begin alike."""
    first: dict[str, set[str]] = {}
    for sample in samples:
        if not _is_of_class(sample):
            tags = _split(rules.prefix + sample.caption, rules)
            first.setdefault(sample.concept, set()).add(tags[0] if tags else "")
    return list(dict.fromkeys(each for tags in first.values() if len(tags) == 1 for each in tags if each))
