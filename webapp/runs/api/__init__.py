"""Runs: checked, started, watched, stopped, resumed, cancelled."""

from webapp.runs.api.history import (
    RunCheckpointsView,
    RunEventsView,
    RunPreviewsView,
    RunPreviewView,
    RunScalarsView,
    RunSweepsView,
    RunSweepView,
)
from webapp.runs.api.imports import ImportsView, RunFilesView
from webapp.runs.api.notices import RunNoticeView
from webapp.runs.api.runs import (
    CancelRunView,
    FinishRunView,
    PreviewNowView,
    QueueView,
    ResumeRunView,
    RetryRunView,
    RunDeletionView,
    RunMemoryView,
    RunsView,
    RunView,
    StopRunView,
    ValidateRunView,
)
from webapp.runs.api.shapes import RunSerializer, event_of

__all__ = [
    "CancelRunView",
    "FinishRunView",
    "ImportsView",
    "PreviewNowView",
    "QueueView",
    "ResumeRunView",
    "RetryRunView",
    "RunCheckpointsView",
    "RunDeletionView",
    "RunEventsView",
    "RunFilesView",
    "RunMemoryView",
    "RunNoticeView",
    "RunPreviewView",
    "RunPreviewsView",
    "RunScalarsView",
    "RunSerializer",
    "RunSweepView",
    "RunSweepsView",
    "RunView",
    "RunsView",
    "StopRunView",
    "ValidateRunView",
    "event_of",
]
