"""The number of threads of matrix products: a function of the network.

The last bit of a product depends on the number of threads. Because the network determines that
number, the dashboard, the command line and Python give the same bits.
"""

from contextlib import AbstractContextManager
from functools import cache
from itertools import pairwise

from threadpoolctl import ThreadpoolController

from tuiprop.core.network import Network

WIDE_LAYER = 64 * 1024
"""The number of weights in a layer from which a second thread gains more than it costs."""


def blas_threads(network: Network) -> int:
    """The number of threads: 1 for small networks, 2 for wide ones."""
    widest = max(n * before for before, n in pairwise(network.sizes))
    return 2 if widest >= WIDE_LAYER else 1


def limited_to(threads: int) -> AbstractContextManager[object]:
    """A context in which matrix products use the given number of threads."""
    limits: AbstractContextManager[object] = _controller().limit(limits=threads, user_api="blas")
    return limits


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
