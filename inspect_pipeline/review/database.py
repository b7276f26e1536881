"""The connection to the review database: SQLite in a file, or PostgreSQL by URL, behind the same two transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.review.migrations import bring_up_to_date, check_not_newer, stored_version
from inspect_pipeline.review.schema import VERSION
from inspect_pipeline.store.place import is_url

BUSY_TIMEOUT_MS = 20_000
DEFAULT_NAME = "reviews.sqlite"


@dataclass(frozen=True, slots=True)
class ReviewDatabase:
    """An open review database whose tables are up to date. `place` names it in messages, without any password."""

    engine: Engine
    place: str

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that may write. It is committed at the end, undone by an exception."""
        with self._transaction(immediate=True) as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that only reads."""
        with self._transaction(immediate=False) as connection:
            yield connection

    @contextmanager
    def _transaction(self, immediate: bool) -> Iterator[Connection]:
        try:
            with self.engine.execution_options(immediate=immediate).begin() as connection:
                yield connection
        except DBAPIError as error:
            raise ReviewError(f"{self.place}: {str(error.orig).strip()}") from error

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def database_url(out: Path, url: str | None = None) -> URL:
    """Return where the reviews are: `url`, or the SQLite file in OUT. A bare path means an SQLite file.

    Raises ReviewError when `url` cannot be understood or names another kind of database, or OUT can hold none.
    """
    if not url and is_url(out):
        raise ReviewError(f"{out}: reviews cannot be kept there: name a database with INSPECT_DATABASE")
    if not url:
        return URL.create("sqlite", database=str(out / DEFAULT_NAME))
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ReviewError(f"review database {url!r}: not a URL") from error
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ReviewError(
            f"review database {parsed.render_as_string()}: use sqlite:///FILE or postgresql://USER@HOST/NAME"
        )
    return parsed


def open_reviews(out: Path, url: str | None = None) -> ReviewDatabase:
    """Open the review database of OUT, making or migrating its tables when needed.

    Raises ReviewError when it cannot be reached, or is newer than this program.
    """
    target = database_url(out, url)
    if target.get_backend_name() == "sqlite" and target.database:
        folder = Path(target.database).parent
        if not folder.is_dir():
            raise ReviewError(f"{folder}: no such folder; run a night first, or name the folder with --out")
    database = ReviewDatabase(_engine(target), target.render_as_string(hide_password=True))
    with database.read() as connection:
        found = stored_version(connection)
    if found != VERSION:
        if found is not None:
            check_not_newer(found)
        with database.write() as connection:
            bring_up_to_date(connection)
    return database


def _engine(target: URL) -> Engine:
    try:
        engine = create_engine(target)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ReviewError(f"no driver for {target.drivername}: pip install 'inspect-pipeline[postgres]'") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Let readers and one writer work at once, wait instead of failing, and keep every commit through a power cut."""
    connection.isolation_level = None  # sqlite3 would begin by itself, and too late
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start: a transaction that reads first and then writes fails instead of waiting."""
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
