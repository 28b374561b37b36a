"""Addresses of uploads, datasets and versions."""

from django.urls import path

from webapp.datasets.api import datasets, deletions, images, uploads, versions

urlpatterns = [
    path("uploads/", uploads.UploadsView.as_view()),
    path("uploads/limits/", uploads.UploadLimitsView.as_view()),
    path("uploads/<uuid:pk>/", uploads.UploadView.as_view()),
    path("uploads/<uuid:pk>/status/", uploads.UploadStatusView.as_view()),
    path("datasets/", datasets.DatasetsView.as_view()),
    path("datasets/<uuid:pk>/", datasets.DatasetView.as_view()),
    path("datasets/<uuid:pk>/deletion/", deletions.DatasetDeletionView.as_view()),
    path("datasets/<uuid:pk>/versions/", versions.DatasetVersionsView.as_view()),
    path("versions/<uuid:pk>/", datasets.VersionView.as_view()),
    path("versions/<uuid:pk>/deletion/", deletions.VersionDeletionView.as_view()),
    path("versions/<uuid:pk>/cancel/", versions.VersionCancelView.as_view()),
    path("versions/<uuid:pk>/retry/", versions.VersionRetryView.as_view()),
    path("versions/<uuid:pk>/difference/", versions.VersionDifferenceView.as_view()),
    path("versions/<uuid:pk>/report/", datasets.VersionReportView.as_view()),
    path("versions/<uuid:pk>/report.csv", datasets.VersionReportCsvView.as_view()),
    path("versions/<uuid:pk>/images/", images.VersionImagesView.as_view()),
    path("versions/<uuid:pk>/images/indices/", images.ImageIndicesView.as_view()),
    path("versions/<uuid:pk>/charts/", images.VersionChartsView.as_view()),
    path("versions/<uuid:pk>/attributes/", images.VersionAttributesView.as_view()),
    path("versions/<uuid:pk>/images/<int:index>/thumbnail/", images.ThumbnailView.as_view()),
    path("versions/<uuid:pk>/images/<int:index>/pair/thumbnail/", images.PairThumbnailView.as_view()),
    path("versions/<uuid:pk>/images/<int:index>/pair/original/", images.PairOriginalView.as_view()),
    path("versions/<uuid:pk>/images/<int:index>/original/", images.OriginalView.as_view()),
]
