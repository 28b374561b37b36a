"""Addresses of runs."""

from django.urls import path

from webapp.runs import api

urlpatterns = [
    path("runs/", api.RunsView.as_view()),
    path("runs/validate/", api.ValidateRunView.as_view()),
    path("runs/memory/", api.RunMemoryView.as_view()),
    path("runs/queue/", api.QueueView.as_view()),
    path("runs/import/", api.ImportsView.as_view()),
    path("runs/<uuid:pk>/", api.RunView.as_view()),
    path("runs/<uuid:pk>/deletion/", api.RunDeletionView.as_view()),
    path("runs/<uuid:pk>/stop/", api.StopRunView.as_view()),
    path("runs/<uuid:pk>/finish/", api.FinishRunView.as_view()),
    path("runs/<uuid:pk>/preview/", api.PreviewNowView.as_view()),
    path("runs/<uuid:pk>/resume/", api.ResumeRunView.as_view()),
    path("runs/<uuid:pk>/cancel/", api.CancelRunView.as_view()),
    path("runs/<uuid:pk>/retry/", api.RetryRunView.as_view()),
    path("runs/<uuid:pk>/files/", api.RunFilesView.as_view()),
    path("runs/<uuid:pk>/notice/", api.RunNoticeView.as_view()),
    path("runs/<uuid:pk>/events/", api.RunEventsView.as_view()),
    path("runs/<uuid:pk>/scalars/", api.RunScalarsView.as_view()),
    path("runs/<uuid:pk>/previews/", api.RunPreviewsView.as_view()),
    path("runs/<uuid:pk>/previews/<int:step>/", api.RunPreviewView.as_view()),
    path("runs/<uuid:pk>/sweeps/", api.RunSweepsView.as_view()),
    path("runs/<uuid:pk>/sweeps/<slug:name>/", api.RunSweepView.as_view()),
    path("runs/<uuid:pk>/checkpoints/", api.RunCheckpointsView.as_view()),
]
