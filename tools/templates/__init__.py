"""The templates of `workflows/`, each written as a short function, from which its document and thumbnail are made.

A template is a function in a module of this package, one module for each technique or family of techniques:

    from tools.templates.sheet import Sheet
    from tools.templates.template import Text, template

    @template(
        title=Text("Two passes", "两遍采样"),
        about=Text("One paragraph: what it does, when to use it, what to change.", "同样一段话，用简体中文。"),
        category="upscaling",
        tags=("hires", "latent"),
    )
    def two_passes(sheet: Sheet) -> None:
        (its docstring: one line that says what it draws)
        loader = sheet.add("CheckpointLoader", ckpt_name="pocket.safetensors")
        prompt = sheet.add("CLIPEncode", "Prompt", clip=loader["CLIP"], text="a red heart, 3d style")
        nothing = sheet.add("CLIPEncode", "Negative prompt", clip=loader["CLIP"], text="")
        empty = sheet.add("EmptyLatent", width=128, height=128)
        with sheet.group("First pass"):
            first = sheet.add(
                "KSampler", "First pass", model=loader["MODEL"], positive=prompt, negative=nothing,
                latent_image=empty, seed=3, steps=20, cfg=2.5, sampler_name="dpmpp_2m", scheduler="karras",
            )
        picture = sheet.add("VAEDecode", samples=first, vae=loader["VAE"])
        saved = sheet.add("SaveImage", images=picture)
        sheet.thumbnail(saved)

- The function's name is that of the files: `workflows/two_passes.json`, `.webp`; its check is `two_passes.py` in
  `tests/templates/checks`. `tools.templates.samples` has functions for the nodes with which most templates begin.
- `sheet.add(type, title, **inputs)`: the second argument is a title, if the node is to have one of its own. An input is
  a value, a node (its first output), or one of its outputs: `node["CLIP"]`, `node[1]`. What is left out has its
  default. Inputs whose names are no words of Python (`images.image0`) go in as `**{"images.image0": picture}`. A seed
  stays as it is after a run, unless it is given as `Seed(7, "randomize")`.
- Nodes are placed by what feeds them, groups as wholes; a note with title and explanation is added before them.
- `sheet.thumbnail(*nodes, form="grid")` says which nodes' pictures make the thumbnail: side by side (`grid`), the
  second one small in the corner of the first (`inset`), or half of each (`halves`). Left out: those of the last node.
- Categories: text-to-image, image-to-image, inpainting, control, adapters, upscaling, scripts, video, interrogation,
  pictures, training (`template.CATEGORIES`; the gallery's names are `templates.category.…` in web/locales).
- Pictures that templates load lie in `workflows/inputs`; the server copies them to `input/examples`, so a node has
  `image="examples/NAME.png"`. Keep them few and small (128 px); `samples.EXAMPLES` says how each is made, and
  `python -m tools.mascot` draws those that templates train with.
- A template has to run with what is shipped: pocket.safetensors, pocket_canny.safetensors, pocket_pose.safetensors,
  pocket_tagger.safetensors, pocket_ghost.safetensors (a LoRA of our mascot), pocket_ghost_poses.safetensors (one that
  lets itself be posed), and in less than about two seconds (128 x 128, up to 20 steps); one that trains in less than 25
  seconds of a processor.

`python -m tools.templates [NAME …]` writes documents, runs them with the real engine, and makes the thumbnails; without
a name all. `--document` writes documents alone. LOOK at the thumbnail. Then write the check:

    # tests/templates/checks/two_passes.py
    from tests.templates.produced import Produced

    def check(produced: Produced) -> None:
        (picture,) = produced.pictures("SaveImage")      # arrays [H, W, 3] in 0..1, by title or type of the node
        assert picture.shape == (128, 128, 3)
        assert redness(picture) > 0.3                    # what was asked for is there, not only that it ran

`produced.texts(node)` are texts that a node has shown, `produced.files(node)` contents of files (video, text). A check
module may have `VALUES = {"First pass.steps": 6}`, values by place that make it quick. Run one check with
`pytest tests/templates -k two_passes`.
"""
