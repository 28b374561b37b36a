"""Addresses of the session, people, labs and tokens."""

from django.urls import path

from webapp.accounts import api

urlpatterns = [
    path("session/", api.SessionView.as_view()),
    path("session/setup/", api.SetupView.as_view()),
    path("session/login/", api.LoginView.as_view()),
    path("session/logout/", api.LogoutView.as_view()),
    path("session/register/", api.RegisterView.as_view()),
    path("session/person/", api.OwnPersonView.as_view()),
    path("session/keys/", api.OwnKeysView.as_view()),
    path("session/link/", api.LinkTestView.as_view()),
    path("session/password/", api.OwnPasswordView.as_view()),
    path("session/forgotten/", api.ForgottenView.as_view()),
    path("session/reset/", api.ResetView.as_view()),
    path("tokens/", api.TokensView.as_view()),
    path("tokens/<uuid:pk>/", api.TokenView.as_view()),
    path("labs/", api.LabsView.as_view()),
    path("labs/<uuid:pk>/", api.LabView.as_view()),
    path("labs/<uuid:pk>/members/", api.MembersView.as_view()),
    path("labs/<uuid:pk>/members/<uuid:person>/", api.MemberView.as_view()),
    path("labs/<uuid:pk>/members/<uuid:person>/password-link/", api.MemberPasswordLinkView.as_view()),
    path("labs/<uuid:pk>/invitations/", api.InvitationsView.as_view()),
    path("labs/<uuid:pk>/invitations/<uuid:invitation>/", api.InvitationView.as_view()),
    path("labs/<uuid:pk>/tokens/", api.LabTokensView.as_view()),
    path("labs/<uuid:pk>/tokens/<uuid:token>/", api.LabTokenView.as_view()),
    path("labs/<uuid:pk>/log/", api.LogView.as_view()),
    path("labs/<uuid:pk>/log.csv", api.LogCsvView.as_view()),
    path("invitations/look/", api.LookAtInvitationView.as_view()),
    path("invitations/accept/", api.AcceptInvitationView.as_view()),
    path("people/", api.PeopleView.as_view()),
    path("people/<uuid:pk>/", api.PersonView.as_view()),
    path("people/<uuid:pk>/password-link/", api.PersonPasswordLinkView.as_view()),
]
