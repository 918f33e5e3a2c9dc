"""The command line `mission-ledger`."""

from api.cli.command import Ledger
from api.cli.exporting import export
from api.cli.log import log
from api.cli.questions import diff, history, snapshot
from api.cli.recording import import_file, load, record, template
from api.cli.serving import demo, serve
from api.cli.upkeep import keys, migrate, rebuild, status
from api.cli.verify import verify

__all__ = ["main"]

main = Ledger(
    "mission-ledger",
    help="""A ledger of what states promise to internationally mandated missions, and what they deliver.

    The database is the one that DATABASE_URL names (sqlite:///… or postgresql://…), else an SQLite file in the
    user's data folder, or in MISSION_LEDGER_DATA. That embedded one is brought to the newest schema by itself;
    any other by `mission-ledger migrate`.

    \b
    Exit codes:
      0  done
      1  refused: faults in the input, or a refusal of the ledger; nothing was recorded
      2  the command was not understood, or a setting is wrong
      3  the database cannot be used: missing, unreachable, or of another schema
    """,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    commands=[
        serve, demo, migrate, load, keys, record, import_file, template, export, snapshot, history, diff, rebuild, status, log, verify
    ],
)  # fmt: skip
