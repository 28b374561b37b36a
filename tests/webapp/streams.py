"""Answers that are streamed."""

import asyncio
from typing import Any


def text_of(answer: Any) -> str:
    """All of it; the test needs `django_db(transaction=True)`, for it is read on another connection."""

    async def whole() -> bytes:
        return b"".join([piece async for piece in answer])

    return asyncio.run(whole()).decode()
