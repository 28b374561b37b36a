"""What the environment's words become."""

import pytest

from webapp.settings import _database


def test_the_database_s_address_keeps_its_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "postgresql://ada:a%40b@db.lab.example:6432/atelier?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"
    monkeypatch.setenv("DATABASE_URL", address)
    told = _database()
    assert (told["USER"], told["PASSWORD"], told["HOST"], told["PORT"]) == ("ada", "a@b", "db.lab.example", "6432")
    assert told["NAME"] == "atelier"
    asked = {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}
    assert {name: value for name, value in told["OPTIONS"].items() if name != "pool"} == asked


def test_an_address_without_parameters_asks_for_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/atelier")
    assert set(_database()["OPTIONS"]) == {"pool"}
