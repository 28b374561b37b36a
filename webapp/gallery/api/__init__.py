"""Pools, their samples with verdicts, and selections from them."""

from webapp.gallery.api.pools import PoolView
from webapp.gallery.api.samples import PoolSamplesView, PoolSheetView, SampleImageView, SampleView
from webapp.gallery.api.selections import CancelSelectionView, PoolSelectionsView, RetrySelectionView, SelectionView
from webapp.gallery.api.verdicts import PoolVerdictsView, SampleVerdictView, UndoView

__all__ = [
    "CancelSelectionView",
    "PoolSamplesView",
    "PoolSelectionsView",
    "PoolSheetView",
    "PoolVerdictsView",
    "PoolView",
    "RetrySelectionView",
    "SampleImageView",
    "SampleVerdictView",
    "SampleView",
    "SelectionView",
    "UndoView",
]
