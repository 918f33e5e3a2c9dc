"""`python -m api.cli`: the same as `mission-ledger`."""

from api.cli import main

if __name__ == "__main__":
    main(prog_name="mission-ledger")
