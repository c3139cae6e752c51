"""Weights of multistep formulas: integrals of interpolating polynomials."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(32)


def lagrange_integrals(
    nodes: Sequence[float],
    start: float,
    end: float,
    *,
    abscissa: Curve = lambda s: s,
    weight: Curve = np.ones_like,
) -> list[float]:
    """Integrate ``weight(s) * l_j(abscissa(s))`` over ``s`` from ``start`` to ``end``, for every node ``j``.

    ``l_j`` is the Lagrange polynomial in ``abscissa(s)`` that is 1 at ``nodes[j]`` and 0 at the others. The quadrature
    (Gauss-Legendre, 32 points) is exact for the plain polynomials and to rounding for the smooth weights in use here.
    """
    points = (end - start) / 2 * _POINTS + (end + start) / 2
    scale = (end - start) / 2 * _WEIGHTS * weight(points)
    places, at = abscissa(points), abscissa(np.asarray(nodes, dtype=np.float64))
    integrals = []
    for j in range(len(at)):
        others = np.delete(at, j)
        basis = np.prod((places[:, None] - others) / (at[j] - others), axis=1)
        integrals.append(float(np.sum(scale * basis)))
    return integrals
