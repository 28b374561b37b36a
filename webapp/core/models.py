"""Rows that belong to no single noun."""

from django.db import models


class Leadership(models.Model):
    """Who does a duty that only one process may do at a time (the reconciler), by the database's clock."""

    duty = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
