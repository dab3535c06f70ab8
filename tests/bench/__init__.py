"""Measurements, run by hand as `python -m tests.bench.<name>`: ratios against a baseline of the same run.

Figures of two machines cannot be compared; ratios of one run can.
"""

import statistics
import time
from collections.abc import Callable


def seconds(work: Callable[[], object], rounds: int = 15) -> float:
    """The median time of one run of `work`, after one run that does not count."""
    work()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def show(what: str, measured: float, baseline: float, base: str) -> None:
    """One line: both times and how they compare."""
    ratio = measured / baseline
    print(f"{what:<44} {measured * 1000:9.2f} ms   {ratio:8.2f} x {base} ({baseline * 1000:.2f} ms)")
