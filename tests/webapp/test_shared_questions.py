import asyncio
from collections.abc import Awaitable, Callable

import pytest

from webapp.core.shared_questions import SharedQuestions


class Source:
    """Answers, when let, how often it was asked; `asked` counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.gate = asyncio.Event()

    async def __call__(self) -> int:
        self.asked += 1
        mine = self.asked
        await self.gate.wait()
        return mine


def in_loop(story: Callable[[SharedQuestions, Source], Awaitable[None]]) -> None:
    async def run() -> None:
        await asyncio.wait_for(story(SharedQuestions(), Source()), 5)

    asyncio.run(run())


def test_whoever_asks_while_an_answer_is_made_shares_the_next_one() -> None:
    async def story(questions: SharedQuestions, source: Source) -> None:
        first = asyncio.create_task(questions.ask("k", source))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert source.asked == 1
        later = [asyncio.create_task(questions.ask("k", source)) for _ in range(5)]
        await asyncio.sleep(0)
        source.gate.set()
        assert await first == 1
        assert await asyncio.gather(*later) == [2] * 5
        assert await questions.ask("k", source) == 3, "an answer is never older than its question"

    in_loop(story)


def test_different_questions_do_not_wait_for_each_other() -> None:
    async def story(questions: SharedQuestions, source: Source) -> None:
        waiting = asyncio.create_task(questions.ask("slow", source))
        other = Source()
        other.gate.set()
        assert await questions.ask("quick", other) == 1
        assert not waiting.done()
        source.gate.set()
        assert await waiting == 1

    in_loop(story)


def test_a_refusal_reaches_everybody_who_asked_and_nobody_later() -> None:
    async def story(questions: SharedQuestions, source: Source) -> None:
        async def refuse() -> int:
            await source()
            raise PermissionError

        asking = [asyncio.create_task(questions.ask("k", refuse)) for _ in range(3)]
        source.gate.set()
        told = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(answer) for answer in told] == [PermissionError] * 3
        assert await questions.ask("k", source) == 2

    in_loop(story)


def test_one_who_goes_away_leaves_the_answer_to_the_others() -> None:
    async def story(questions: SharedQuestions, source: Source) -> None:
        leaving, staying = (asyncio.create_task(questions.ask("k", source)) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        source.gate.set()
        assert await staying == 1
        with pytest.raises(asyncio.CancelledError):
            await leaving

    in_loop(story)
