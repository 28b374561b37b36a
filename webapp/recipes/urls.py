"""Addresses of the catalogue and of recipes."""

from django.urls import path

from webapp.recipes import api

urlpatterns = [
    path("catalogue/", api.CatalogueView.as_view()),
    path("recipes/", api.RecipesView.as_view()),
    path("recipes/<uuid:pk>/", api.RecipeView.as_view()),
    path("recipes/<uuid:pk>/deletion/", api.RecipeDeletionView.as_view()),
]
