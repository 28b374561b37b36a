"""The API of studies."""

from webapp.studies.api.studies import (
    CancelStudyView,
    ResumeStudyView,
    StopStudyView,
    StudiesView,
    StudyDeletionView,
    StudyView,
    ValidateStudyView,
)

__all__ = [
    "CancelStudyView",
    "ResumeStudyView",
    "StopStudyView",
    "StudiesView",
    "StudyDeletionView",
    "StudyView",
    "ValidateStudyView",
]
