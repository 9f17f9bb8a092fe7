"""`python -m bench.stream_clients PORT SECONDS`: open streams in one process, and tell what arrived in each, and when.

Reads one access token a line; says «open» when every stream is greeted, then one JSON list a stream: the numbers of its
changes in the order of their arrival, and how long each took from before its transaction.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

AT_ONCE = 50  # connections being opened


async def listen(port: int, token: str, opening: asyncio.Semaphore, ready: asyncio.Event) -> list[list[float]]:
    """Hear one stream until the task is cancelled; return numbers and waits."""
    heard: list[list[float]] = [[], []]
    number = 0
    async with opening:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET /api/v1/stream HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n"
        writer.write(head.encode())
        while not (line := await reader.readline()).startswith(b"event: ready"):
            if not line:
                raise RuntimeError("a stream was refused")
        await reader.readline()  # what the greeting says
    ready.set()
    try:
        while line := await reader.readline():
            if line.startswith(b"id: "):
                number = int(line[4:].partition(b"-")[0])
            elif line.startswith(b"data: "):
                heard[0].append(number)
                heard[1].append(time.monotonic() - json.loads(line[6:])["sent"])
        raise RuntimeError("a stream was ended")
    except asyncio.CancelledError:
        return heard
    finally:
        writer.close()


async def main(port: int, seconds: float, tokens: list[str]) -> None:
    """Open a stream by each token, hear them for so long, and print what arrived."""
    opening = asyncio.Semaphore(AT_ONCE)
    began = time.monotonic()
    ready = [asyncio.Event() for _ in tokens]
    tasks = [
        asyncio.create_task(listen(port, *one)) for one in zip(tokens, [opening] * len(tokens), ready, strict=True)
    ]
    await asyncio.gather(*[event.wait() for event in ready])
    print(f"open {time.monotonic() - began:.3f}", flush=True)
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()  # none ends by itself but by a fault
    for task in tasks:
        task.cancel()
    for task in tasks:
        print(json.dumps(await task), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), sys.stdin.read().split()))
