"""How fast an upload is taken: tus in chunks of 8 MiB over loopback, to the real server.

    python -m benchmarks.upload [GIB]      2 GiB unless said otherwise, into benchmarks/upload.md

One upload is sent from this process by one connection, each chunk after the answer to the one before; the server writes
every chunk durably before it answers. The bar is 70 MiB/s, with the server's memory growing by at most 60 MiB and no
more on disk than was announced and 32 MiB. Beside it stands what the disk takes of the same bytes from one process,
synced as often.
"""

import base64
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.main_job import machine
from benchmarks.served import MIB, Connection, in_stack, resident_mib, served
from tests.stack import Stack

PAGE = Path(__file__).with_suffix(".md")
CHUNK = 8 * MIB


def send(stack: Stack, token: str, lab: str, size: int) -> dict[str, float]:
    """One upload of `size` bytes; its rate, and how far the server's memory and the disk rose above it."""
    client = Connection(stack, token)
    words = {"filename": "images.zip", "lab": lab}
    named = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in words.items())
    tus = {"Tus-Resumable": "1.0.0"}
    made, _ = client.send(
        "POST", "/api/v1/uploads/", None, {**tus, "Upload-Length": str(size), "Upload-Metadata": named}
    )
    address = urlsplit(made["Location"]).path
    tus["Content-Type"] = "application/offset+octet-stream"
    chunk, peak, fullest = os.urandom(CHUNK), 0.0, 0
    before, started = resident_mib(stack.pid("web")), time.perf_counter()
    for offset in range(0, size, CHUNK):
        client.send("PATCH", address, chunk[: size - offset], {**tus, "Upload-Offset": str(offset)})
        peak = max(peak, resident_mib(stack.pid("web")))
        fullest = max(fullest, sum(file.stat().st_size for file in (stack.data_dir / "uploads").iterdir()))
    spent = time.perf_counter() - started
    return {"mib_per_s": size / MIB / spent, "memory_mib": peak - before, "disk_mib": (fullest - size) / MIB}


def disk(folder: Path, size: int) -> float:
    """MiB per second of the same bytes written by one process, synced after every chunk."""
    chunk, started = os.urandom(CHUNK), time.perf_counter()
    with (folder / "bytes").open("wb", buffering=0) as file:
        for offset in range(0, size, CHUNK):
            file.write(chunk[: size - offset])
            os.fsync(file.fileno())
    return size / MIB / (time.perf_counter() - started)


def main() -> None:
    """The page."""
    size = int(float(sys.argv[1] if len(sys.argv) > 1 else "2") * 2**30)
    with served() as stack:
        begun = in_stack(stack, "tests.faults.world", "begin")
        told = send(stack, begun["token"], begun["lab"], size)
        plain = disk(stack.data_dir, size)
    lines = ["# How fast an upload is taken", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
    lines += [
        "| upload | rate | server's memory | beyond the announced bytes on disk | the disk alone |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {size / 2**30:g} GiB | {told['mib_per_s']:.0f} MiB/s | +{told['memory_mib']:.0f} MiB | "
        f"{told['disk_mib']:.0f} MiB | {plain:.0f} MiB/s |"
    ]
    page = "\n".join([*lines, "", f"{machine()}.", ""])
    PAGE.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
