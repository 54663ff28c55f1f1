"""``epochal runs``: the runs of a project, or the projects, as a table."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from epochal.sdk.api import Api

MOST_COLUMNS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `runs`."""
    parser.add_argument(
        "project",
        nargs="?",
        metavar="PROJECT",
        help="project or entity/project (default: a list of the projects)",
    )
    parser.add_argument(
        "--filter", default="", metavar="TEXT", help="filter, such as: config.lr<0.01 state:running"
    )
    parser.add_argument(
        "--sort",
        default="-created",
        metavar="COLUMN",
        help="column to sort by, - for descending (default: -created)",
    )
    parser.add_argument(
        "--limit", type=int, default=50, metavar="N", help="most runs to show (default: 50)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--data", metavar="DIR", help="data directory (default: EPOCHAL_DIR, else ~/.epochal)"
    )


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    from epochal.sdk.api import Api

    api = Api(data=args.data)
    if args.project is None:
        _print_projects(api, as_json=args.json)
    else:
        _print_runs(api, args)
    return 0


def _print_projects(api: Api, *, as_json: bool) -> None:
    projects = api.projects()
    if as_json:
        for project in projects:
            print(json.dumps({"project": project.path, "runs": project.run_count}))
        return
    if not projects:
        print("no runs yet; log some with epochal.init() and run.log()")
        return
    rows = [
        [project.path, str(project.run_count), str(project.running_count), ago(project.updated)]
        for project in projects
    ]
    _print_table(["project", "runs", "running", "last change"], rows)


def _print_runs(api: Api, args: argparse.Namespace) -> None:
    found = api.runs(args.project, args.filter, args.sort, per_page=min(max(args.limit, 1), 1000))
    runs = found[: args.limit]
    if args.json:
        for item in runs:
            value = {name: item._value[name] for name in ("uid", "id", "name", "state", "created")}
            print(json.dumps({**value, "columns": item._value["columns"]}, default=str))
        return
    if not runs:
        print(f"no runs in {args.project}" + (" pass the filter" if args.filter else ""))
        return
    names = _common_columns([item._value["columns"] for item in runs])
    rows = [
        [
            item.name,
            item.id,
            item.state,
            ago(item.created),
            *(_short(item._value["columns"].get(name)) for name in names),
        ]
        for item in runs
    ]
    _print_table(["name", "id", "state", "created", *names], rows)
    if len(found) > len(runs):
        print(f"{len(runs)} of {len(found)} runs; --limit shows more", file=sys.stderr)


def _common_columns(columns: list[dict[str, Any]]) -> list[str]:
    """Return the few summary columns that most runs have, as they first appear."""
    counts: dict[str, int] = {}
    for values in columns:
        for name, value in values.items():
            if name.startswith("summary.") and isinstance(value, (int, float)):
                counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: -counts[name])[:MOST_COLUMNS]


def _short(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.5g}" if isinstance(value, float) else str(value)[:40]


def ago(moment: float) -> str:
    """Return how long ago a time was, such as ``5 min ago``."""
    seconds = max(time.time() - moment, 0)
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return "just now"


def _print_table(titles: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, no_wrap=True)
    for row in rows:
        # Names come from scripts: no markup and no terminal escapes in them.
        table.add_row(*(Text("".join(c if c.isprintable() else " " for c in cell)) for cell in row))
    # A pipe has no width: nothing is cut off then.
    Console(width=None if sys.stdout.isatty() else 250).print(table)
