"""What the lab is told when a study ends, whoever ended it."""

from typing import Final

from django.conf import settings

from webapp.core.removal import alive
from webapp.studies.models import Study
from webapp.webhooks.services.deliveries import announce

ENDED_EVENT: Final = "study.ended"


def tell_of_end(study: Study) -> None:
    """The lab's webhook; nothing of a study that is deleted."""
    if not Study.objects.filter(alive(Study), pk=study.pk).exists():
        return
    version = study.version
    facts = {
        "id": str(study.pk),
        "name": str(study),
        "state": str(study.state),
        "question": str(study.question),
        "answer": study.result.get("answer") if study.result else None,
        "sentence": study.result["sentence"] if study.result else "",
        "error_code": study.error_code,
        "error_message": study.error_message,
        "dataset": {"id": str(version.dataset_id), "name": version.dataset.name, "version": version.number},
        "url": f"{settings.PUBLIC_URL.rstrip('/')}/studies/{study.pk}" if settings.PUBLIC_URL else None,
    }
    announce(version.dataset.lab_id, ENDED_EVENT, str(study), {"study": facts})
