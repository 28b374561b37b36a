"""The API of people, labs and tokens."""

from webapp.accounts.api.invitations import (
    AcceptInvitationView,
    InvitationsView,
    InvitationView,
    LookAtInvitationView,
    RegisterView,
)
from webapp.accounts.api.keys import OwnKeysView
from webapp.accounts.api.labs import LabsView, LabView, MemberPasswordLinkView, MembersView, MemberView
from webapp.accounts.api.link import LinkTestView
from webapp.accounts.api.log import LogCsvView, LogView
from webapp.accounts.api.passwords import ForgottenView, OwnPasswordView, OwnPersonView, ResetView
from webapp.accounts.api.people import PeopleView, PersonPasswordLinkView, PersonView
from webapp.accounts.api.session import LoginView, LogoutView, SessionView, SetupView
from webapp.accounts.api.tokens import LabTokensView, LabTokenView, TokensView, TokenView

__all__ = [
    "AcceptInvitationView",
    "ForgottenView",
    "InvitationView",
    "InvitationsView",
    "LabTokenView",
    "LabTokensView",
    "LabView",
    "LabsView",
    "LinkTestView",
    "LogCsvView",
    "LogView",
    "LoginView",
    "LogoutView",
    "LookAtInvitationView",
    "MemberPasswordLinkView",
    "MemberView",
    "MembersView",
    "OwnKeysView",
    "OwnPasswordView",
    "OwnPersonView",
    "PeopleView",
    "PersonPasswordLinkView",
    "PersonView",
    "RegisterView",
    "ResetView",
    "SessionView",
    "SetupView",
    "TokenView",
    "TokensView",
]
