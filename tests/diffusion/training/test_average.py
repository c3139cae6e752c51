"""The mean of parameters over the steps, against diffusers' EMAModel."""

import pytest
import torch
from diffusers.training_utils import EMAModel

from diffusion.training.average import Average, Averaging


@pytest.mark.parametrize("averaging", [Averaging(0.9), Averaging(0.4, after=3), Averaging(0.7, 2, slow=True)])
def test_it_is_that_of_diffusers(averaging):
    parameters = {"a": torch.nn.Parameter(torch.zeros(3)), "b": torch.nn.Parameter(torch.ones(2, 2))}
    ours = Average(averaging, parameters)
    theirs = EMAModel(
        parameters.values(),
        decay=averaging.decay,
        update_after_step=averaging.after,
        use_ema_warmup=averaging.slow,
        inv_gamma=1.0,
        power=2 / 3,
    )
    draw = torch.Generator().manual_seed(1)
    for taken in range(1, 9):
        for parameter in parameters.values():
            parameter.data += torch.randn(parameter.shape, generator=draw)
        ours.follow(taken)
        theirs.step(parameters.values())
        for mean, expected in zip(ours.tensors.values(), theirs.shadow_params, strict=True):
            torch.testing.assert_close(mean, expected, rtol=0, atol=0)
    last = [each.detach().clone() for each in parameters.values()]
    with ours.in_place():
        assert all(map(torch.equal, parameters.values(), theirs.shadow_params))
    assert all(map(torch.equal, parameters.values(), last))
    assert not any(map(torch.equal, last, theirs.shadow_params))
    ours.take()
    assert all(map(torch.equal, parameters.values(), theirs.shadow_params))
