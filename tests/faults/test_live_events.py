"""What a page sees of a run while it happens: the snapshot, every event in order, and the same by polling."""

import asyncio
import json
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.faults.conftest import ENDED, Scene

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


async def _watch(scene: Scene, run: str) -> list[tuple[float, dict[str, Any]]]:
    """Everything that the socket tells until the run has ended, with the time it came."""
    told: list[tuple[float, dict[str, Any]]] = []
    url = f"ws://127.0.0.1:{scene.stack.port}/ws/"
    async with connect(url, additional_headers={"Authorization": f"Token {scene.token}"}) as socket:
        await socket.send(json.dumps({"type": "subscribe", "run": run, "since": None}))
        async with asyncio.timeout(240):
            async for text in socket:
                event = json.loads(text)
                told.append((time.monotonic(), event))
                if event["type"] == "run.changed" and event["data"]["state"] in ENDED:
                    return told
    raise AssertionError("the socket was closed before the run ended")


def test_a_page_sees_every_event_in_order_at_a_bearable_pace_and_can_read_the_same_later(scene: Scene) -> None:
    run = scene.start()
    told = asyncio.run(_watch(scene, run))
    assert [event["type"] for _, event in told[:2]] == ["subscription.opened", "run.snapshot"]
    snapshot = told[1][1]
    assert snapshot["data"]["id"] == run
    numbered = [event for _, event in told[2:] if event["seq"] is not None]
    assert [event["seq"] for event in numbered] == list(range(snapshot["seq"] + 1, numbered[-1]["seq"] + 1))
    kinds = {event["type"] for event in numbered}
    assert {"run.progressed", "run.previewed", "run.checkpointed", "run.measured", "pool.created"} <= kinds
    states = [event["data"]["state"] for event in numbered if event["type"] == "run.changed"]
    assert snapshot["data"]["state"] in ("queued", "preparing")
    assert states[-5:] == ["training", "generating", "scoring", "selecting", "finished"]
    moments = [moment for moment, event in told if event["type"] == "run.progressed" and not event["data"]["points"]]
    if len(moments) > 1:
        assert len(moments) / (moments[-1] - moments[0]) < 3
    polled = scene.api.get(f"/api/v1/runs/{run}/events/?since={snapshot['seq']}")
    assert [(event["type"], event["seq"], event["data"]) for event in polled["results"]] == [
        (event["type"], event["seq"], event["data"]) for event in numbered
    ]
    assert all(set(event) == {"type", "seq", "run", "ts", "data"} for event in numbered)
    for event in numbered:
        if event["type"] == "run.previewed":
            picture = scene.api.request("GET", event["data"]["url"])
            assert (picture.status, picture.body[:4]) == (200, b"\x89PNG")
