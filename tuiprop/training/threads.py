"""How many threads the matrix products use: a function of the network.

Results of a product depend on the number of threads in the last bit; with a number that the
network decides, the dashboard, the command line and Python give the same bits.
"""

from contextlib import AbstractContextManager
from functools import cache
from itertools import pairwise

from threadpoolctl import ThreadpoolController

from tuiprop.core.network import Network

WIDE_LAYER = 64 * 1024
"""From so many weights in one layer on, a second thread gains more than it costs."""


def blas_threads(network: Network) -> int:
    """1 for small networks, 2 for wide ones."""
    widest = max(n * before for before, n in pairwise(network.sizes))
    return 2 if widest >= WIDE_LAYER else 1


def limited_to(threads: int) -> AbstractContextManager[object]:
    """While in this context, matrix products use that many threads."""
    limits: AbstractContextManager[object] = _controller().limit(limits=threads, user_api="blas")
    return limits


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
