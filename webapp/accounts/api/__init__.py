"""The API of people, labs and tokens."""

from webapp.accounts.api.session import LoginView, LogoutView, SessionView, SetupView
from webapp.accounts.api.tokens import TokensView, TokenView

__all__ = ["LoginView", "LogoutView", "SessionView", "SetupView", "TokenView", "TokensView"]
