"""Plug-ins for every test; what a room's tests share lies in that room's own conftest."""

pytest_plugins = ["tests.plugins.require_all"]
