"""Addresses of the session and of tokens."""

from django.urls import path

from webapp.accounts import api

urlpatterns = [
    path("session/", api.SessionView.as_view()),
    path("session/setup/", api.SetupView.as_view()),
    path("session/login/", api.LoginView.as_view()),
    path("session/logout/", api.LogoutView.as_view()),
    path("tokens/", api.TokensView.as_view()),
    path("tokens/<uuid:pk>/", api.TokenView.as_view()),
]
