"""Saved recipes: model + its settings + sampler + its settings + budget per class + seed."""

import uuid

from django.conf import settings
from django.db import models

from webapp.accounts.models import Lab
from webapp.core.models import Removable


class Recipe(Removable):
    """One numbered recipe of a lab; never changed once saved, so that a run can be repeated."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="recipes")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120, blank=True)
    model = models.CharField(max_length=60)
    model_settings = models.JSONField(default=dict)
    sampler = models.CharField(max_length=60)
    sampler_settings = models.JSONField(default=dict)
    budget = models.JSONField(help_text="See ml/budget.py: {kind: per_class | fill_to | …, …}.")
    pool_factor = models.FloatField(default=4.0, help_text="Candidates generated per image asked for.")
    seed = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lab", "number"], name="recipe_number_per_lab")]

    def __str__(self) -> str:
        return self.name or f"Recipe {self.number}"
