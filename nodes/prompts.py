"""Nodes for prompts in the syntax of Stable Diffusion WebUI, for wildcards and styles, and for looking at tokens."""

from typing import Annotated, NamedTuple

from diffusion.adapters import BlockWeightsError, fit, load_adapter, read_block_weights
from diffusion.hypernetwork import load_hypernetwork, with_hypernetwork
from diffusion.text.clip import TextEncoder, Tokenized
from diffusion.text.webui import encode as webui
from diffusion.text.webui import wildcards
from diffusion.text.webui.extra_networks import (
    HYPERNETWORK,
    LORA_KINDS,
    LORA_OPTIONS,
    Tag,
    extract,
    without_comments,
)
from diffusion.text.webui.schedule import texts
from diffusion.text.webui.styles import StylesError, apply_styles, load_styles
from diffusion.weights import WeightsError
from graph.declare import Choice, Context, Folders, InputError, Multiline, Range, Seed, Table, Words, node
from nodes.adapters import changed_layers, warn_of_rest
from nodes.sockets import Clip, Conditioning, Model

STYLES = "styles.csv"
WILDCARDS = "wildcards"
ENCODERS = {"l": "CLIP-L", "g": "OpenCLIP-bigG", "h": "OpenCLIP-H", "t5": "T5"}
ENDINGS = (".safetensors", ".pt", ".ckpt", ".bin")

WebUIText = Annotated[str, Multiline(prompt=True, dialect="webui")]
EmphasisMode = Annotated[str, Choice(webui.EMPHASES)]
TimelineName = Annotated[str, Choice(webui.TIMELINES)]
Backtrack = Annotated[int, Range(0, 74)]
_Row = tuple[int, int, str, int | str, float]
PassSteps = Annotated[int, Range(0, 10_000)]


class Prompted(NamedTuple):
    """A model with what the prompts ask for, and the prompts, encoded and as text."""

    MODEL: Model
    CLIP: Clip
    positive: Conditioning
    negative: Conditioning
    prompt: str
    negative_prompt: str


class Styled(NamedTuple):
    """Prompts with styles."""

    prompt: str
    negative_prompt: str


class Counted(NamedTuple):
    """How long a prompt is."""

    tokens: int
    chunks: int


def _files(folders: Folders, kinds: tuple[str, ...]) -> list[tuple[str, int, int]]:
    """The state of all files that a prompt may name, so that a changed one is read again."""
    paths = [path for path in (folders.user / STYLES,) if path.is_file()]
    paths += sorted((folders.user / WILDCARDS).rglob("*.txt"))
    states = [(path.as_posix(), path.stat()) for path in paths]
    for kind in kinds:
        states += [(f"{kind}/{name}", folders.model_path(kind, name).stat()) for name in folders.model_names(kind)]
    return [(name, state.st_size, state.st_mtime_ns) for name, state in states]


def _all_files(folders: Folders, **inputs: object) -> list[tuple[str, int, int]]:
    return _files(folders, ("embeddings", "loras", "hypernetworks"))


def _embedding_files(folders: Folders, **inputs: object) -> list[tuple[str, int, int]]:
    return _files(folders, ("embeddings",))


def _text_files(folders: Folders, **inputs: object) -> list[tuple[str, int, int]]:
    return _files(folders, ())


@node(
    "WebUIPrompt",
    category="conditioning",
    title="Prompts (WebUI)",
    search=["a1111", "automatic1111", "lora", "and", "break", "wildcard", "style", "schedule", "hypernetwork"],
    fingerprint=_all_files,
)
def webui_prompt(
    ctx: Context,
    *,
    model: Model,
    clip: Clip,
    text: WebUIText = "",
    negative: WebUIText = "",
    styles: str = "",
    seed: Seed = 0,
    emphasis: EmphasisMode = "original",
    comma_backtrack: Backtrack = 20,
    timeline: TimelineName = "current",
    late_changes: bool = True,
    first_pass_steps: PassSteps = 0,
) -> Prompted:
    """Read prompts as Stable Diffusion WebUI does: emphasis, AND, BREAK, [from:to:when], [a|b], <lora:name:1> and more.

    model: Gets the LoRAs and hypernetworks that the prompt names.
    clip: The text encoder of the checkpoint, which gets the LoRAs too.
    text: What the picture should show: (word:1.3), [word], a AND b :0.5, BREAK, [cat:dog:0.5], [cat|dog], __file__.
    negative: What it should not show; LoRAs and AND mean nothing here.
    styles: Names of styles of styles.csv in the user folder, with commas between them.
    seed: Chooses wildcards and alternatives.
    emphasis: original keeps the mean of each chunk; no norm is better for SDXL; ignore and none leave weights out.
    comma_backtrack: How many tokens before the end of a chunk a comma may lie for the words after it to stay together.
    timeline: Before 1.6 a moment below 1 is a share of the steps; since then a point in it makes it one.
    late_changes: Off lets prompts change at the step that is written, not one later as in the WebUI.
    first_pass_steps: In the second pass of hires fix, the steps of the first one; otherwise 0.
    """
    # before styles, so that a comment does not swallow what a style adds behind it
    prompts = _styled(ctx, without_comments(text), without_comments(negative), styles)
    prompt, negative_prompt = _chosen(ctx, "text", prompts[0], seed), _chosen(ctx, "negative", prompts[1], seed)
    positive_text, tags = extract(without_comments(prompt))
    negative_text = without_comments(negative_prompt)
    model, clip = _with_networks(ctx, model, clip, tags)
    dialect = webui.Dialect(
        emphasis,  # type: ignore[arg-type]  # one of the choices
        comma_backtrack,
        timeline,  # type: ignore[arg-type]
        not late_changes,
        first_pass_steps or None,
    )
    positive, warnings = webui.encode_positive(clip, positive_text, dialect)
    encoded_negative, more = webui.encode_negative(clip, negative_text, dialect)
    for warning in dict.fromkeys((*warnings, *more)):
        ctx.warn(warning)
    return Prompted(model, clip, positive, encoded_negative, prompt, negative_prompt)


@node(
    "Wildcards",
    category="text",
    title="Wildcards",
    search=["dynamic prompts", "random", "choice"],
    fingerprint=_text_files,
)
def resolve_wildcards(ctx: Context, text: WebUIText = "", seed: Seed = 0) -> str:
    """Choose among {a|b|c}, and replace __name__ by a line of wildcards/name.txt in the user folder.

    text: {2::a|b} lets a come twice as often, {2$$a|b|c} takes two of them.
    seed: The same seed chooses the same.
    """
    return _chosen(ctx, "text", text, seed)


@node(
    "CombinatorialPrompts",
    category="text",
    title="All Combinations",
    search=["dynamic prompts", "wildcards", "matrix"],
    fingerprint=_text_files,
)
def combinatorial_prompts(
    ctx: Context, text: WebUIText = "", limit: Annotated[int, Range(1, 10_000)] = 100
) -> list[str]:
    """Make all prompts that choices and wildcards allow, as a list: what follows is done for each.

    limit: No more than so many.
    """
    try:
        return wildcards.combinations(text, _lines(ctx), limit)
    except wildcards.WildcardError as error:
        raise InputError("text", str(error)) from error


@node("PromptStyles", category="text", title="Styles", search=["styles.csv", "a1111"], fingerprint=_text_files)
def prompt_styles(ctx: Context, text: WebUIText = "", negative: WebUIText = "", styles: str = "") -> Styled:
    """Add styles to prompts: at {prompt}, or at the end.

    text: The prompt.
    negative: The negative prompt.
    styles: Names of styles of styles.csv in the user folder, with commas between them.
    """
    return Styled(*_styled(ctx, text, negative, styles))


@node(
    "ShowTokens",
    category="conditioning",
    title="Show Tokens",
    output_node=True,
    search=["token", "clip", "weight", "chunk", "count"],
    fingerprint=_embedding_files,
)
def show_tokens(
    ctx: Context,
    clip: Clip,
    text: Annotated[str, Multiline(prompt=True)] = "",
    dialect: Annotated[str, Choice(("ComfyUI", "WebUI"))] = "ComfyUI",
) -> Counted:
    """Show how text encoders read a prompt: its tokens, their weights, and the chunks of 75 that they are cut into.

    Text encoders that read it in the same way share a table.

    dialect: Whose syntax the prompt is in; of prompts that change with the steps the first text is shown.
    """
    if dialect == "WebUI":
        bare = extract(without_comments(text))[0]
        tokens = webui.tokenize(clip, texts(bare)[0], webui.Dialect())
    else:
        tokens = clip.tokenize(text)
    for warning in tokens.warnings:
        ctx.warn(warning)
    tables: dict[tuple[_Row, ...], list[str]] = {}
    for encoder in clip.encoders:
        if encoder.name in tokens.by_encoder:
            tables.setdefault(_rows(tokens, encoder), []).append(ENCODERS[encoder.name])
    columns = [Words("chunk"), Words("place"), Words("token"), Words("number"), Words("weight")]
    ctx.show("tables", [Table(columns, rows, ", ".join(names)).shown() for rows, names in tables.items()])
    chunks = next(iter(tokens.by_encoder.values())).chunks if tokens.by_encoder else ()
    return Counted(sum(len(chunk) for chunk in chunks), len(chunks))


def _rows(tokens: Tokenized, encoder: TextEncoder) -> tuple[_Row, ...]:
    """What an encoder reads; a vector has neither text nor number."""
    rows: list[_Row] = []
    for number, chunk in enumerate(tokens.by_encoder[encoder.name].chunks, start=1):
        for place, token in enumerate(chunk, start=1):
            value = token.value if isinstance(token.value, int) else ""
            word = encoder.style.word(value) if isinstance(value, int) else Words("embedding")
            rows.append((number, place, word, value, round(token.weight, 4)))
    return tuple(rows)


def _styled(ctx: Context, text: str, negative: str, names: str) -> tuple[str, str]:
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted:
        return text, negative
    path = ctx.folders.user / STYLES
    if not path.is_file():
        raise InputError("styles", f"There is no {STYLES} in the user folder: put the table of styles there.")
    try:
        known = load_styles(path)
    except StylesError as error:
        raise InputError("styles", str(error)) from error
    if missing := [name for name in wanted if name not in known]:
        raise InputError("styles", f"There is no style '{missing[0]}' in {STYLES}; it has {', '.join(known)}.")
    chosen = [known[name] for name in wanted]
    return (
        apply_styles(text, [style.prompt for style in chosen]),
        apply_styles(negative, [style.negative_prompt for style in chosen]),
    )


def _lines(ctx: Context) -> wildcards.Lines:
    return wildcards.files_in([ctx.folders.user / WILDCARDS])


def _chosen(ctx: Context, name: str, text: str, seed: int) -> str:
    try:
        chosen, warnings = wildcards.resolve(text, _lines(ctx), seed)
    except wildcards.WildcardError as error:
        raise InputError(name, str(error)) from error
    for warning in warnings:
        ctx.warn(warning)
    return chosen


def _with_networks(ctx: Context, model: Model, clip: Clip, tags: list[Tag]) -> tuple[Model, Clip]:
    """The model and its text encoders with what the tags of a prompt ask for; what cannot be used is told."""
    for tag in tags:
        try:
            strength_clip, _ = tag.strengths()
            if tag.kind in LORA_KINDS:
                model, clip = _with_adapter(ctx, model, clip, tag)
            elif tag.kind == HYPERNETWORK:
                path = ctx.folders.model_path("hypernetworks", _named(ctx.folders, "hypernetworks", tag.name))
                model = with_hypernetwork(model, load_hypernetwork(path), strength_clip)
            else:
                ctx.warn(f"The prompt's <{tag.kind}:{tag.name}> was left out: there are lora, lyco and hypernet.")
        except FileNotFoundError as error:
            ctx.warn(f"The prompt's <{tag.kind}:{tag.name}> was left out. {error}")
        except (WeightsError, BlockWeightsError) as error:
            raise InputError("text", str(error)) from error
        except ValueError:
            ctx.warn(
                f"The prompt's <{tag.kind}:{tag.name}> was left out: its strength must be a number, and its rank one "
                "from 1 up."
            )
    return model, clip


def _with_adapter(ctx: Context, model: Model, clip: Clip, tag: Tag) -> tuple[Model, Clip]:
    """The model and its text encoders with the LoRA of a tag, and a report on the node."""
    strength_clip, strength_model = tag.strengths()
    rank, blocks = tag.rank(), tag.named.get("lbw")
    weights = None if blocks is None else read_block_weights(blocks, model)
    path = ctx.folders.model_path("loras", _named(ctx.folders, "loras", tag.name))
    fitted = fit(load_adapter(path), model, clip)
    ctx.show("text", [Words.joined([Words(f"Adds {fitted.name}."), changed_layers(fitted)])])
    warn_of_rest(ctx, fitted)
    for option in tag.named.keys() - LORA_OPTIONS:
        ctx.warn(f"The prompt's <{tag.kind}:{tag.name}> has '{option}', which is not known here and was left out.")
    fitted = fitted if rank is None else fitted.of_rank(rank)
    base = 1.0 if weights is None else weights.base
    return fitted.on_model(model, strength_model, weights), fitted.on_clip(clip, strength_clip * base)


def _named(folders: Folders, kind: str, name: str) -> str:
    """The file that a tag means: with or without its folder and its ending, in any case."""
    wanted = name.lower()
    files = folders.model_names(kind)
    for short in (str, _without_ending, lambda file: _without_ending(file).rpartition("/")[2]):
        for file in files:
            if short(file).lower() == wanted:
                return file
    return name


def _without_ending(file: str) -> str:
    return next((file.removesuffix(ending) for ending in ENDINGS if file.endswith(ending)), file)
