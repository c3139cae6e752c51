"""What packs report: progress, previews, the log; and the small functions of `node_helpers`."""

import asyncio
import io
import logging

import pytest
import torch
from PIL import Image

from compat.host.stubs import MissingAttributeError, NotSupportedError
from graph import context


def test_previews_are_made_of_latents(modules, recorder):
    preview = modules.latent_preview
    previewer = preview.get_previewer("cpu", modules.latent_formats.SD15())
    picture = previewer.decode_latent_to_preview(torch.zeros(1, 4, 5, 7))
    assert picture.size == (7, 5)
    assert picture.getpixel((0, 0)) == (127, 127, 127)
    assert preview.get_previewer("cpu", modules.latent_formats.SDXL()) is None
    bar = modules.toolbox.ProgressBar(2)
    bar.update_absolute(1, 4, previewer.decode_latent_to_preview_image("JPEG", torch.zeros(1, 4, 5, 7)))
    bar.update(2)
    assert recorder.steps == [(1, 4), (3, 4)]
    assert len(recorder.previews) == 1


def test_the_hook_of_progress_bars_can_be_wrapped(modules, recorder):
    toolbox = modules.toolbox
    original, seen = toolbox.PROGRESS_BAR_HOOK, []

    def hook(value, total, preview=None, **more):
        seen.append((value, total))
        original(value, total, preview)

    toolbox.set_progress_bar_global_hook(hook)
    try:
        toolbox.ProgressBar(3).update(1)
    finally:
        toolbox.set_progress_bar_global_hook(original)
    assert seen == recorder.steps == [(1, 3)]
    context.set_current(None)
    toolbox.ProgressBar(3).update(1)
    assert recorder.steps == [(1, 3)]


def test_conditioning_is_changed_in_copies(modules, prompts):
    changed = modules.conditioning.conditioning_set_values(prompts[0], {"strength": 0.5})
    more = modules.conditioning.conditioning_set_values(changed, {"strength": 1, "list": [1]}, append=True)
    assert "strength" not in prompts[0][0][1]
    assert more[0][1]["strength"] == pytest.approx(1.5)
    assert more[0][1]["list"] == [1]


def test_pictures_that_are_cut_off_are_opened(modules, tmp_path):
    file = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(file, "PNG")
    (tmp_path / "cut.png").write_bytes(file.getvalue()[:-600])
    loaded = modules.conditioning.pillow(lambda path: Image.open(path).convert("L"), tmp_path / "cut.png")
    assert loaded.size == (64, 64)
    assert modules.conditioning.hasher()(b"x").hexdigest().startswith("2d711642")


def test_lines_of_the_log_can_be_read(modules):
    log = modules.recent_log
    seen, handler = [], log.RecentLog()
    log.on_flush(seen.extend)
    logger = logging.getLogger("pack")
    logger.addHandler(handler)
    try:
        logger.warning("something %d", 3)
    finally:
        logger.removeHandler(handler)
    assert log.get_logs()[-1]["m"] == "something 3\n"
    assert seen == [log.get_logs()[-1]]


def test_messages_go_to_clients_and_previews_to_the_node(modules, recorder):
    server = modules.prompt_server.PromptServer.instance
    recorder.client_id, recorder.node_id = "me", "12"
    assert (server.client_id, server.last_node_id) == ("me", "12")
    server.send_sync("pack.event", {"a": 1}, server.client_id)
    asyncio.run_coroutine_threadsafe(server.send_json("pack.all", [2]), server.loop).result(10)
    assert modules.said[-2:] == [("pack.event", {"a": 1}, "me"), ("pack.all", [2], None)]
    events = modules.prompt_server.BinaryEventTypes
    server.send_sync(events.UNENCODED_PREVIEW_IMAGE, ("JPEG", Image.new("RGB", (900, 300)), 512))
    assert Image.open(io.BytesIO(recorder.previews[-1])).size == (512, 171)
    with pytest.raises(NotSupportedError, match=r"The binary frame 77 of server.PromptServer.send_sync"):
        server.send_sync(77, b"x")
    assert server.prompt_queue.get_tasks_remaining() == 1
    context.set_current(None)
    assert (server.client_id, server.last_node_id) == (None, None)
    assert server.prompt_queue.get_current_queue() == ([], [])


def test_what_the_server_of_comfyui_does_elsewhere_is_named(modules):
    server = modules.prompt_server.PromptServer.instance
    with pytest.raises(MissingAttributeError, match=r"server.PromptServer.instance.user_manager is not supported"):
        _ = server.user_manager
    with pytest.raises(MissingAttributeError, match=r"prompt_queue.wipe_queue is not supported"):
        server.prompt_queue.wipe_queue()
    assert not hasattr(server, "user_manager")


def test_handlers_of_prompts_change_them_one_after_the_other(modules):
    server = modules.prompt_server.PromptServer.instance

    def broken(body):
        raise RuntimeError

    for handler in (lambda body: {"prompt": [*body["prompt"], 1]}, broken, lambda body: None, lambda body: body):
        server.add_on_prompt_handler(handler)
    assert server.trigger_on_prompt({"prompt": [0], "extra_data": {}}) == {"prompt": [0, 1], "extra_data": {}}
