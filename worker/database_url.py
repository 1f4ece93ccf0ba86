"""`CAREPATH_DATABASE` as people write it: a URL of SQLite or PostgreSQL, with or without a driver."""

from pathlib import Path

REMEDY = ("write it as sqlite:////whole/path/clinic.db or as postgresql://user:password@host/database, "
          "or leave it out: then it is clinic.db in the clinic's home")  # fmt: skip


def usable_url(url: str, home: Path) -> str:
    """The URL with the drivers that come with carepath. A SQLite file without a whole path lies in the home.

    Raises:
        ValueError: it cannot be used; names the remedy and repeats nothing, as the URL may hold a password.
    """
    scheme, found, rest = url.strip().partition("://")
    name = scheme.partition("+")[0].lower()
    if not found:
        raise ValueError(f"this is no address of a database; {REMEDY}")
    if name == "sqlite":
        return "sqlite+aiosqlite:///" + _file(rest, home)
    if name in ("postgresql", "postgres"):
        if not rest.strip("/"):
            raise ValueError(f"the address names no server and no database; {REMEDY}")
        return f"postgresql+psycopg://{rest}"
    raise ValueError(
        f"carepath keeps its database in SQLite or PostgreSQL, not in {name or 'nothing'}; {REMEDY}"
    )


def _file(rest: str, home: Path) -> str:
    path, query, options = rest.removeprefix("/").partition("?")
    if not rest.startswith("/") or not path or path == ":memory:" or path.startswith("file:"):
        raise ValueError(f"a clinic's database is a file that outlives the command; {REMEDY}")
    whole = home / Path(path).expanduser()
    return f"{whole}{query}{options}"


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database; None: it is PostgreSQL."""
    if not url.startswith("sqlite"):
        return None
    return Path(url.partition(":///")[2].partition("?")[0])
