"""Pools, their samples with verdicts, and selections from them."""

from webapp.gallery.api.agreement import PoolAgreementView
from webapp.gallery.api.blind import BlindAnswerView, BlindImageView, BlindTestView, PoolBlindTestsView
from webapp.gallery.api.edits import CancelEditView, EditSheetView, EditView, RetryEditView, RunEditsView
from webapp.gallery.api.image_map import PoolMapView
from webapp.gallery.api.pictures import PoolSheetView, SampleImageView
from webapp.gallery.api.pools import PoolView
from webapp.gallery.api.samples import PoolSamplesView, SampleView
from webapp.gallery.api.selections import CancelSelectionView, PoolSelectionsView, RetrySelectionView, SelectionView
from webapp.gallery.api.targets import EndTargetView, PoolTargetView
from webapp.gallery.api.verdict_files import ImportVerdictsView, PoolVerdictsCsvView, SampleHistoryView
from webapp.gallery.api.verdicts import PoolVerdictsView, SampleVerdictView, UndoView
from webapp.gallery.api.yields import YieldsView

__all__ = [
    "BlindAnswerView",
    "BlindImageView",
    "BlindTestView",
    "CancelEditView",
    "CancelSelectionView",
    "EditSheetView",
    "EditView",
    "EndTargetView",
    "ImportVerdictsView",
    "PoolAgreementView",
    "PoolBlindTestsView",
    "PoolMapView",
    "PoolSamplesView",
    "PoolSelectionsView",
    "PoolSheetView",
    "PoolTargetView",
    "PoolVerdictsCsvView",
    "PoolVerdictsView",
    "PoolView",
    "RetryEditView",
    "RetrySelectionView",
    "RunEditsView",
    "SampleHistoryView",
    "SampleImageView",
    "SampleVerdictView",
    "SampleView",
    "SelectionView",
    "UndoView",
    "YieldsView",
]
