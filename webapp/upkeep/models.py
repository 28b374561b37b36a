"""What a lab stores, and may store."""

from django.db import models

from webapp.accounts.models import Lab


class LabStorage(models.Model):
    """One row per lab; its original images counted once however many versions hold them."""

    lab = models.OneToOneField(Lab, primary_key=True, on_delete=models.CASCADE, related_name="storage")
    originals_bytes = models.BigIntegerField(default=0)
    measured_at = models.DateTimeField(null=True)
    quota_bytes = models.BigIntegerField(null=True, help_text="Null: as the service's LAB_QUOTA_BYTES says.")
