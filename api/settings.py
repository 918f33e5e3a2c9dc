"""Settings, read from the environment once, at start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from ledger.policy import Policy, WrongPolicy, parse_policy

THREADS = 32  # twice the sixteen writers that may wait for one commit; as many connections to the database


@dataclass(frozen=True)
class Settings:
    """What can be set. Every limit has a problem type of its own."""

    database_url: str
    embedded: bool = False
    anonymous_reading: bool = True
    max_body: int = 1_048_576
    max_batch: int = 500
    max_page: int = 1_000
    max_range_days: int = 36_525
    log_key: Path | None = None
    log_policy: Path | None = None
    checkpoint_seconds: float = 1.0

    def policy(self) -> Policy:
        """The witnesses whose cosignatures are taken; none where no policy is named. Raises ValueError."""
        if self.log_policy is None:
            return Policy()
        try:
            return parse_policy(self.log_policy.read_bytes())
        except (OSError, WrongPolicy) as error:
            told = error.strerror if isinstance(error, OSError) else error
            raise ValueError(f"MISSION_LEDGER_LOG_POLICY names {self.log_policy}: {told}") from None


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from DATABASE_URL and MISSION_LEDGER_*. Without DATABASE_URL an SQLite file in the user's data folder is used.

    Raises ValueError, which names the variable, where a value is no number or no yes or no.
    """
    url = environment.get("DATABASE_URL")
    return Settings(
        database_url=with_driver(url) if url else f"sqlite:///{data_folder(environment) / 'ledger.db'}",
        embedded=not url,
        anonymous_reading=_flag(environment, "MISSION_LEDGER_ANONYMOUS_READING", True),
        max_body=_number(environment, "MISSION_LEDGER_MAX_BODY", Settings.max_body),
        max_batch=_number(environment, "MISSION_LEDGER_MAX_BATCH", Settings.max_batch),
        max_page=_number(environment, "MISSION_LEDGER_MAX_PAGE", Settings.max_page),
        max_range_days=_number(environment, "MISSION_LEDGER_MAX_RANGE_DAYS", Settings.max_range_days),
        log_key=_path(environment, "MISSION_LEDGER_LOG_KEY") or (None if url else data_folder(environment) / "log.key"),
        log_policy=_path(environment, "MISSION_LEDGER_LOG_POLICY"),
        checkpoint_seconds=_number(environment, "MISSION_LEDGER_CHECKPOINT_SECONDS", 1),
    )


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the embedded database lives: MISSION_LEDGER_DATA, else the user's data folder."""
    chosen = environment.get("MISSION_LEDGER_DATA")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("mission-ledger", appauthor=False))


def with_driver(url: str) -> str:
    """A database address with the driver that the ledger uses for PostgreSQL."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    text = environment.get(name)
    return Path(text) if text else None


def _flag(environment: Mapping[str, str], name: str, default: bool) -> bool:
    text = environment.get(name, "yes" if default else "no").lower()
    if text not in ("yes", "no", "true", "false", "1", "0"):
        raise ValueError(f"{name} is {text!r}; write yes or no")
    return text in ("yes", "true", "1")


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"{name} is {text!r}; write a whole number from 1")
    return int(text)
