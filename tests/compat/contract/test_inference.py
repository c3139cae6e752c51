"""Code of packs runs without gradients, and what runs beside it does not."""

import asyncio

import pytest
import torch

from compat.contract.inference import Inferring, call


def off():
    return not torch.is_inference_mode_enabled()


def test_a_function_runs_in_the_mode():
    assert call(torch.is_inference_mode_enabled)
    assert off()


async def test_the_steps_of_a_coroutine_run_in_the_mode_and_what_is_between_them_does_not():
    seen = []
    opened = asyncio.Event()

    async def node():
        seen.append(off())
        await opened.wait()
        seen.append(off())
        return torch.ones(2)

    async def other():
        seen.append(off())
        opened.set()

    result, _ = await asyncio.gather(Inferring(node()), other())
    assert seen == [False, True, False]
    assert result.is_inference()
    assert off()


async def test_errors_and_the_end_of_a_task_reach_the_coroutine():
    ended = []

    async def fails():
        await asyncio.sleep(0)
        raise ValueError("no")

    async def waits():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(off())
            raise

    with pytest.raises(ValueError, match="no"):
        await Inferring(fails())

    async def task():
        await Inferring(waits())

    running = asyncio.create_task(task())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended == [False]
    assert off()
