"""Addresses of the search."""

from django.urls import path

from webapp.search import api

urlpatterns = [path("search/", api.SearchView.as_view())]
