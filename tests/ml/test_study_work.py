"""A study in a worker's child process, as far as the worker's own tests do not show it."""

import pytest

from ml import study_work
from ml.protocol import Event
from ml.study_work import Pulse


def test_work_that_has_nothing_to_tell_still_shows_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Event] = []
    asked = iter([False, False, True])
    pulse = Pulse(events.append, lambda: next(asked))
    assert pulse.should_stop() is False
    assert events == [], "not at every question"
    monkeypatch.setattr(study_work, "EVERY_S", 0.0)
    assert [pulse.should_stop(), pulse.should_stop()] == [False, True]
    assert events == [{"event": "alive"}] * 2
