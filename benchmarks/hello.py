"""The bare framework: what every figure is a ratio to.

python -m benchmarks.hello PORT WORKERS
"""

import sys

import uvicorn
from fastapi import FastAPI

from app.http.server_protocol import GuardedProtocol


def create_app() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def main() -> None:
    """Serve it with the flags of `clinic serve`."""
    port, workers = map(int, sys.argv[1:])
    uvicorn.run(
        "benchmarks.hello:create_app",
        factory=True,
        port=port,
        workers=workers,
        http=GuardedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main()
