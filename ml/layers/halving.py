"""The sizes that a stack of stride-2 layers passes through."""

SMALLEST = 4


def halving(resolution: int) -> list[int]:
    """`resolution` and its halves, rounded down, to the last one of at least SMALLEST: 30 -> [30, 15, 7]."""
    sizes = [resolution]
    while sizes[-1] // 2 >= SMALLEST:
        sizes.append(sizes[-1] // 2)
    return sizes
