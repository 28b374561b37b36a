"""Pools, their samples with verdicts, and selections from them."""

from webapp.gallery.api.pools import PoolView
from webapp.gallery.api.samples import PoolSamplesView, SampleImageView, SampleView
from webapp.gallery.api.selections import PoolSelectionsView, SelectionView
from webapp.gallery.api.verdicts import PoolVerdictsView, SampleVerdictView, UndoView

__all__ = [
    "PoolSamplesView",
    "PoolSelectionsView",
    "PoolVerdictsView",
    "PoolView",
    "SampleImageView",
    "SampleVerdictView",
    "SampleView",
    "SelectionView",
    "UndoView",
]
