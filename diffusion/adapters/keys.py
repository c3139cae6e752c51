"""The names that adapter files give to a model's layers, in all dialects that are in use.

A tensor's name in a file is the *stem* of a module and a *part* (`lora_down.weight`, `alpha` …). Stems with underscores
cannot be taken apart again, so they are not parsed: all spellings of all modules of the model at hand are listed, and
looked up.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from diffusion.component import Component, Entry
from diffusion.families.t5_text import NAME as T5

UNET = "unet"
"""The component that is the denoiser; text encoders go by their names, "l", "g" or "h"."""

# Endings of tensors' names, and what the tensors are called here.
_RENAMED = {
    "lora_B.weight": "lora_up.weight",
    "lora_A.weight": "lora_down.weight",
    "lora_B.bias": "lora_up.bias",
    "lora_B": "lora_up.weight",
    "lora_A": "lora_down.weight",
    "lora_magnitude_vector.weight": "lora_magnitude_vector",
    "lora_linear_layer.up.weight": "lora_up.weight",
    "lora_linear_layer.down.weight": "lora_down.weight",
    "lora.up.weight": "lora_up.weight",
    "lora.down.weight": "lora_down.weight",
    "oft_diag": "oft_blocks",
}
_OWN = (
    *("lora_up.weight", "lora_down.weight", "lora_mid.weight", "lora_up.bias", "lora_magnitude_vector"),
    *("alpha", "scale", "dora_scale", "diff", "diff_b", "set_weight", "set_bias", "w_norm", "b_norm"),
    *("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"),
    *("lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t1", "lokr_t2"),
    *("oft_blocks", "rescale", "a1.weight", "a2.weight", "b1.weight", "b2.weight"),
    *("on_input", "bias_indices", "bias_values", "bias_size"),
)
PARTS = {**{name: name for name in _OWN}, **_RENAMED}
WEIGHT = "weight"
"""The one part of (IA)³, which is one only beside `on_input`: whole models have tensors of that name too."""

# Where old versions of diffusers keep what belongs to the projections of an attention layer.
_PROCESSORS = (
    (re.compile(r"\.processor\.to_(q|k|v)_lora$"), r".to_\1"),
    (re.compile(r"\.processor\.to_out_lora$"), ".to_out.0"),
    (re.compile(r"\.self_attn\.to_(q|k|v)_lora$"), r".self_attn.\1_proj"),
    (re.compile(r"\.self_attn\.to_out_lora$"), ".self_attn.out_proj"),
)
_ADAPTER_NAME = re.compile(r"\.(lora_[AB]|lora_magnitude_vector|hada_\w+|lokr_\w+)\.(?!weight$|bias$)\w+(?=\.|$)")
_WRAPPER = "base_model.model."


@dataclass(frozen=True)
class Spellings:
    """How files name the modules of one network of a model.

    component: `UNET`, or the name of a text encoder.
    underscored: prefixes of names with underscores; the first is the one that is written. dotted: of names with dots.
    inner: what names of text encoders have before those of modules.
    in_file: whether names of checkpoints come before those of diffusers' modules.
    """

    component: str
    underscored: tuple[str, ...]
    dotted: tuple[str, ...]
    inner: str = ""
    in_file: bool = False

    def of(self, module: str, network: Component) -> Iterator[str]:
        """All stems of a module; the first is the one that is written."""
        forms = list(self._forms(module, network))
        for prefix, form in product(self.underscored, forms):
            yield prefix + form.replace(".", "_")
        for prefix, form in product(self.dotted, forms):
            yield prefix + form

    def of_whole(self, module: str, network: Component) -> Iterator[tuple[str, Entry]]:
        """Stems of what files have as one tensor with others, or with its rows in another order; and where it is there.

        Only of denoisers: adapters of text encoders always have layers of their own.
        """
        entry = _in_checkpoint(network, module)
        if self.component == UNET and (entry.part is not None or entry.swapped):
            name = _bare(entry, network)
            for prefix in self.underscored:
                yield prefix + name.replace(".", "_"), entry
            for prefix in self.dotted:
                yield prefix + name, entry

    def written(self, module: str, network: Component) -> str:
        """The stem under which files are written."""
        return next(self.of(module, network))

    def _forms(self, module: str, network: Component) -> Iterator[str]:
        if self.component != UNET:
            bare = module.removeprefix(self.inner)
            whole = bare if bare == "text_projection" else self.inner + bare
            yield from dict.fromkeys((whole, bare))
            return
        entry = _in_checkpoint(network, module)
        if entry.part is not None or entry.swapped:  # see `of_whole`
            yield module
            return
        in_file = _bare(entry, network)
        yield from dict.fromkeys((in_file, module) if self.in_file else (module, in_file))


def _in_checkpoint(network: Component, module: str) -> Entry:
    """Where checkpoints have a module's weight, whatever layout the model's file has."""
    return (network.written or network).entry(f"{module}.{WEIGHT}")


def _bare(entry: Entry, network: Component) -> str:
    return entry.name.removeprefix(network.prefix).removesuffix(f".{WEIGHT}")


def spellings(encoders: Iterable[str]) -> list[Spellings]:
    """Those of the networks of a model with these text encoders, the denoiser's first.

    Programs number text encoders where there are several, and call the only one `te`; CLIP-L comes first, bigG second,
    and T5 last. Files for models that read bigG (SDXL) are written with the names that checkpoints have, as most
    programs do; those for models that read T5, whose checkpoints have several layers as one, with diffusers'.
    """
    names = tuple(encoders)
    is_transformer = T5 in names
    underscored = ("lora_unet_", "lycoris_", "lora_transformer_")
    unet = Spellings(
        UNET,
        underscored[::-1] if is_transformer else underscored,
        ("unet.", "diffusion_model.", "model.diffusion_model.", "transformer.", ""),
        in_file="g" in names and not is_transformer,
    )
    return [unet, *(_text_spellings(name, alone=len(names) == 1) for name in names)]


def _text_spellings(name: str, alone: bool) -> Spellings:
    if name == T5:  # the third, but for OneTrainer, to which it is Flux' second
        dotted = ("text_encoder_3.", "text_encoder_2.", "t5xxl.", "text_encoders.t5xxl.transformer.")
        return Spellings(T5, ("lora_te3_", "lora_te2_", "lycoris_te3_"), dotted, "encoder.")
    number = 2 if name == "g" else 1
    numbered = (f"lora_te{number}_", f"lycoris_te{number}_")
    folder = "text_encoder." if number == 1 else "text_encoder_2."
    file = (f"clip_{name}.", f"text_encoders.clip_{name}.transformer.")
    if not alone:
        return Spellings(name, numbered, (folder, *file), "text_model.")
    underscored = dict.fromkeys(("lora_te_", "lora_te1_", *numbered, "lycoris_te_", "lycoris_"))
    return Spellings(
        name, tuple(underscored), tuple(dict.fromkeys(("text_encoder.", folder, *file, ""))), "text_model."
    )


def of_text(stem: str) -> bool:
    """Whether a stem names a layer of a text encoder."""
    return stem.startswith(("lora_te", "lycoris_te", "text_encoder", "clip_", "t5xxl")) or "text_model" in stem


def grouped(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """A file's tensors by stem and part: ``{stem: {part: name}}``; stems are without the wrappers of programs.

    A name whose ending is no part of an adapter is listed under itself, with the part "".
    """
    names = list(names)
    scaled = {name.removesuffix(".on_input") for name in names if name.endswith(".on_input")}
    modules: dict[str, dict[str, str]] = {}
    for name in names:
        stem, part = _split(name, scaled)
        modules.setdefault(stem, {})[part] = name
    return modules


def _split(name: str, scaled: set[str]) -> tuple[str, str]:
    plain = _ADAPTER_NAME.sub(r".\1", name)
    for dots in (3, 2, 1):  # the longest ending first: "lora.up.weight" is no "weight"
        pieces = plain.rsplit(".", dots)
        ending = ".".join(pieces[1:])
        if len(pieces) == dots + 1 and ending in PARTS:
            return _plain(pieces[0]), PARTS[ending]
    old = re.fullmatch(r"(.+_lora)\.(up|down)\.weight", plain)
    if old:
        return _plain(old[1]), f"lora_{old[2]}.weight"
    stem = name.removesuffix(f".{WEIGHT}")
    return (_plain(stem), WEIGHT) if stem in scaled else (name, "")


def _plain(stem: str) -> str:
    stem = stem.removeprefix(_WRAPPER)
    for pattern, module in _PROCESSORS:
        stem = pattern.sub(module, stem)
    return stem


def found(
    modules: Iterable[str], spelled: Spellings, network: Component, stems: Mapping[str, object]
) -> dict[str, str]:
    """Which of a network's modules are among the stems of a file: ``{stem: module}``."""
    result: dict[str, str] = {}
    for module in modules:
        stem = next((stem for stem in spelled.of(module, network) if stem in stems), None)
        if stem is not None:
            result[stem] = module
    return result


def found_in_wholes(
    modules: Iterable[str], spelled: Spellings, network: Component, stems: Mapping[str, object]
) -> dict[str, tuple[str, Entry]]:
    """Which of a network's modules are parts of what a file changes as one: ``{module: (stem, part)}``."""
    result: dict[str, tuple[str, Entry]] = {}
    for module in modules:
        place = next((each for each in spelled.of_whole(module, network) if each[0] in stems), None)
        if place is not None:
            result[module] = place
    return result
