"""A bare Flask application that answers with a little JSON, behind the server that the ledger is served by.

python -m tests.bench.hello PORT
"""

import sys

from flask import Flask, Response, jsonify

from api.cli.serving import THREADS


def create_app() -> Flask:
    app = Flask("hello")

    @app.route("/")
    def hello() -> Response:
        return jsonify(hello="world")

    return app


def serve(port: int) -> None:
    """As `api.cli.serving` serves the ledger."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "tests.bench.hello:create_app",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        factory=True,
        log_level=LogLevels.error,
        websockets=False,
    ).serve()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
