"""Who may use the server of a project: `add` a user, `list` them, `remove` one."""

from __future__ import annotations

import argparse
import getpass
import sys

from nbtrack.cli.console import count, harmless, say
from nbtrack.cli.place import new_place
from nbtrack.display.text_table import aligned
from nbtrack.server.audit import AuditLog
from nbtrack.server.roles import Role
from nbtrack.server.users import User, Users


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="a user, who gets a token")
    add.add_argument("name", metavar="NAME")
    add.add_argument(
        "--role", required=True, choices=[*map(str, Role)], help="each may do more than the last"
    )
    add.add_argument(
        "--password",
        action="store_true",
        help="ask for one, or read it as a line; beside the token",
    )
    actions.add_parser("list", help="users, their roles and tokens")
    remove = actions.add_parser("remove", help="a user, with his tokens; at once")
    remove.add_argument("name", metavar="NAME")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "add":
        return _add(arguments)
    folder = new_place(arguments.store).folder
    users = Users(folder)
    if arguments.action == "list":
        return _list(users)
    users.remove(arguments.name)
    AuditLog(folder).note_command(f"user remove {arguments.name}")
    say(f"{harmless(arguments.name)} is no user any more.")
    if not users.all():
        say("Nobody is let in until there is another user.")
    return 0


def _add(arguments: argparse.Namespace) -> int:
    folder, role = new_place(arguments.store).folder, Role(arguments.role)
    password = _asked_password() if arguments.password else None
    token = Users(folder).add(arguments.name, role, password=password)
    AuditLog(folder).note_command(f"user add {arguments.name} --role {role}")
    say(f"{arguments.name} is {role}.")
    show_token(token)
    return 0


def show_token(token: str) -> None:
    say(
        "The token, shown this once (only its digest is kept):",
        f"    export MLFLOW_TRACKING_TOKEN={token}",
    )


def _asked_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")


def _list(users: Users) -> int:
    found = users.all().values()
    rows = [["user", "role", "password", "tokens"], *map(_row, found)]
    say(*aligned(rows), "", f"{count(len(found), 'user')}.")
    return 0


def _row(user: User) -> list[str]:
    tokens = ", ".join(f"{token.id} ({token.made_at[:10]})" for token in user.tokens)
    return [user.name, str(user.role), "yes" if user.password else "", tokens]
