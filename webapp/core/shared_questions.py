"""Equal questions to the database, asked by many sockets at once, are answered once.

Whoever asks while the same question is being answered shares the next answer, so that no answer is older than its
question. After a restart of the server, five hundred pages that watch one run cost two snapshots instead of five
hundred.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any
from weakref import WeakKeyDictionary


class SharedQuestions:
    """Of one event loop."""

    def __init__(self) -> None:
        self._answering: dict[Hashable, asyncio.Task[Any]] = {}
        self._waiting: dict[Hashable, asyncio.Task[Any]] = {}

    async def ask(self, key: Hashable, question: Callable[[], Awaitable[Any]]) -> Any:
        """What `question` answers, or raises, to whoever asks under this key now."""
        task = self._waiting.get(key)
        if task is None:
            task = self._waiting[key] = asyncio.create_task(self._answer(key, question))
            task.add_done_callback(_look_at)
        return await asyncio.shield(task)  # one page that goes away leaves the answer to the others

    async def _answer(self, key: Hashable, question: Callable[[], Awaitable[Any]]) -> Any:
        while before := self._answering.get(key):
            await asyncio.wait([before])
        self._answering[key] = self._waiting.pop(key)
        try:
            return await question()
        finally:
            del self._answering[key]


def _look_at(task: "asyncio.Task[Any]") -> None:
    """An error that nobody waits for any more is no news."""
    if not task.cancelled():
        task.exception()


_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, SharedQuestions] = WeakKeyDictionary()


def shared_questions() -> SharedQuestions:
    """Those of the running event loop."""
    return _of_loop.setdefault(asyncio.get_running_loop(), SharedQuestions())
