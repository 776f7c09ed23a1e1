"""FastAPI that reads and checks the same body and answers at once: what HTTP alone allows."""

from __future__ import annotations

import os
from typing import Any
from uuid import uuid4

import uvicorn
from fastapi import FastAPI

from services.intake.channels.schemas import ChannelMessageRequest

app = FastAPI()


@app.post("/channel-messages", status_code=202)
async def receive(body: ChannelMessageRequest) -> dict[str, Any]:
    """Forgets the message."""
    return {"id": str(uuid4())} if body.text else {}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False)
