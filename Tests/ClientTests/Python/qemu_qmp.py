"""Uses the qemu.qmp library as a management program does: a job, its events by listener, an error, several requests at once.

Usage: qemu_qmp.py <socket>. Prints one JSON object with what it saw.
"""

import asyncio
import json
import sys

from qemu.qmp import EventListener, ExecuteError, QMPClient


async def main(socket: str) -> None:
    client = QMPClient("tests")
    statuses = []
    listener = EventListener(names=["JOB_STATUS_CHANGE"])
    client.register_listener(listener)
    await client.connect(socket)
    options = {"driver": "file", "filename": "library.raw", "size": 65536}
    await client.execute("blockdev-create", {"job-id": "c", "options": options})
    async for event in listener:
        statuses.append(event["data"]["status"])
        if statuses[-1] == "concluded":
            break
    jobs = await client.execute("query-jobs")
    await client.execute("job-dismiss", {"id": "c"})
    statuses.append((await listener.get())["data"]["status"])
    try:
        await client.execute("job-dismiss", {"id": "c"})
        error = None
    except ExecuteError as failure:
        error = [failure.error_class, str(failure)]
    together = await asyncio.gather(*(client.execute("query-jobs") for _ in range(100)))
    await client.disconnect()
    print(json.dumps({"statuses": statuses, "jobs": jobs, "error": error, "together": len(together)}))


asyncio.run(asyncio.wait_for(main(sys.argv[1]), 40))
