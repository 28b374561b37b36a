"""What a lab stores and may store, and who works for the service."""

from django.db import models

from webapp.accounts.models import Lab


class LabStorage(models.Model):
    """One row per lab; its original images counted once however many versions hold them."""

    lab = models.OneToOneField(Lab, primary_key=True, on_delete=models.CASCADE, related_name="storage")
    originals_bytes = models.BigIntegerField(default=0)
    measured_at = models.DateTimeField(null=True)
    quota_bytes = models.BigIntegerField(null=True, help_text="Null: as the service's LAB_QUOTA_BYTES says.")


class Worker(models.Model):
    """A worker process, as it last said of itself; what it works on, the rows that it holds say."""

    name = models.CharField(max_length=200, primary_key=True, help_text="As `webapp.core.leases.own_name` has it.")
    host = models.CharField(max_length=180)
    pid = models.PositiveIntegerField()
    queues = models.JSONField(default=list)
    cores = models.PositiveIntegerField()
    memory_bytes = models.BigIntegerField(help_text="Of the machine.")
    free_bytes = models.BigIntegerField(help_text="What programs could still take of it.")
    devices = models.JSONField(
        null=True, help_text="GPUs as [{name, memory_bytes, used_bytes, busy}]; null: they could not be asked."
    )
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
