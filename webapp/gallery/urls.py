"""Addresses of pools, samples, verdicts, selections and edits."""

from django.urls import path

from webapp.gallery import api

urlpatterns = [
    path("pools/<uuid:pk>/", api.PoolView.as_view()),
    path("pools/<uuid:pk>/map/", api.PoolMapView.as_view()),
    path("pools/<uuid:pk>/samples/", api.PoolSamplesView.as_view()),
    path("pools/<uuid:pk>/agreement/", api.PoolAgreementView.as_view()),
    path("pools/<uuid:pk>/sheet/", api.PoolSheetView.as_view()),
    path("pools/<uuid:pk>/verdicts/", api.PoolVerdictsView.as_view()),
    path("pools/<uuid:pk>/verdicts/undo/", api.UndoView.as_view()),
    path("pools/<uuid:pk>/verdicts/import/", api.ImportVerdictsView.as_view()),
    path("pools/<uuid:pk>/verdicts.csv", api.PoolVerdictsCsvView.as_view()),
    path("pools/<uuid:pk>/selections/", api.PoolSelectionsView.as_view()),
    path("pools/<uuid:pk>/target/", api.PoolTargetView.as_view()),
    path("pools/<uuid:pk>/target/end/", api.EndTargetView.as_view()),
    path("pools/<uuid:pk>/blind-tests/", api.PoolBlindTestsView.as_view()),
    path("blind-tests/<uuid:pk>/", api.BlindTestView.as_view()),
    path("blind-tests/<uuid:pk>/images/<int:place>/", api.BlindImageView.as_view()),
    path("blind-tests/<uuid:pk>/answers/<int:place>/", api.BlindAnswerView.as_view()),
    path("samples/<int:pk>/", api.SampleView.as_view()),
    path("samples/<int:pk>/history/", api.SampleHistoryView.as_view()),
    path("samples/<int:pk>/image/", api.SampleImageView.as_view()),
    path("samples/<int:pk>/verdict/", api.SampleVerdictView.as_view()),
    path("selections/yields/", api.YieldsView.as_view()),
    path("selections/<uuid:pk>/", api.SelectionView.as_view()),
    path("selections/<uuid:pk>/cancel/", api.CancelSelectionView.as_view()),
    path("selections/<uuid:pk>/retry/", api.RetrySelectionView.as_view()),
    path("runs/<uuid:pk>/edits/", api.RunEditsView.as_view()),
    path("edits/<uuid:pk>/", api.EditView.as_view()),
    path("edits/<uuid:pk>/sheet/", api.EditSheetView.as_view()),
    path("edits/<uuid:pk>/cancel/", api.CancelEditView.as_view()),
    path("edits/<uuid:pk>/retry/", api.RetryEditView.as_view()),
]
