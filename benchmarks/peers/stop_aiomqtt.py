"""A stop with aiomqtt, all in one loop of asyncio: `PORT BROKER_PORT TOPIC STOP_FRAME`."""

import asyncio
import os
import sys
import tty
from pathlib import Path

import aiomqtt


async def serve() -> None:
    """Until it is killed."""
    port, broker, topic, frame = sys.argv[1], int(sys.argv[2]), sys.argv[3], bytes.fromhex(sys.argv[4])
    line = os.open(Path(port), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(line)
    asyncio.get_running_loop().add_reader(line, os.read, line, 4096)
    async with aiomqtt.Client("127.0.0.1", broker) as client:
        await client.subscribe(topic, 1)
        async for _ in client.messages:
            os.write(line, frame)


if __name__ == "__main__":
    asyncio.run(serve())
