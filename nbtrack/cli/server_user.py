"""Who may use the server of a project, and what: `add`, `grant`, `take-back`, `list`, `remove`."""

from __future__ import annotations

import argparse
import getpass
import sys

from nbtrack.cli.console import count, harmless, say
from nbtrack.cli.place import new_place
from nbtrack.display.text_table import aligned
from nbtrack.errors import InvalidValue
from nbtrack.server.audit import AuditLog
from nbtrack.server.grants import EXPERIMENT, MODEL, Grant
from nbtrack.server.roles import Role
from nbtrack.server.users import User, Users


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="a user, who gets a token")
    add.add_argument("name", metavar="NAME")
    _add_role(add)
    _add_places(add, help_of="the role is for this {} only; may be given again")
    add.add_argument(
        "--password",
        action="store_true",
        help="ask for one, or read it as a line; beside the token",
    )
    grant = actions.add_parser("grant", help="a user has another role of some experiments, models")
    grant.add_argument("name", metavar="NAME")
    _add_role(grant)
    _add_places(grant, help_of="this {}; may be given again")
    take_back = actions.add_parser("take-back", help="what was granted of some")
    take_back.add_argument("name", metavar="NAME")
    _add_places(take_back, help_of="this {}; may be given again")
    actions.add_parser("list", help="users, their roles and tokens")
    remove = actions.add_parser("remove", help="a user, with his tokens; at once")
    remove.add_argument("name", metavar="NAME")


def _add_role(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role", required=True, choices=[*map(str, Role)], help="each may do more than the last"
    )


def _add_places(parser: argparse.ArgumentParser, *, help_of: str) -> None:
    for kind in (EXPERIMENT, MODEL):
        parser.add_argument(
            f"--{kind}", action="append", default=[], metavar="NAME", help=help_of.format(kind)
        )


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "add":
        return _add(arguments)
    if arguments.action in ("grant", "take-back"):
        return _change_grants(arguments)
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
    grants = [Grant(kind=kind, name=name, role=role) for kind, name in _places(arguments)]
    users = Users(folder)
    token = users.add(arguments.name, None if grants else role, password=password, grants=grants)
    title = users.all()[arguments.name].title
    AuditLog(folder).note_command(f"user add {arguments.name}: {title}")
    say(f"{arguments.name} is {harmless(title)}.")
    show_token(token)
    return 0


def _change_grants(arguments: argparse.Namespace) -> int:
    folder, name, places = new_place(arguments.store).folder, arguments.name, _places(arguments)
    if not places:
        raise InvalidValue("Say of what: --experiment NAME or --model NAME.")
    if arguments.action == "take-back":
        user = Users(folder).take_back(name, places)
    else:
        role = Role(arguments.role)
        grants = [Grant(kind=kind, name=of, role=role) for kind, of in places]
        user = Users(folder).grant(name, grants)
    AuditLog(folder).note_command(f"user {arguments.action} {name}: {user.title}")
    say(f"{name} is {harmless(user.title)}.")
    return 0


def _places(arguments: argparse.Namespace) -> list[tuple[str, str]]:
    return [
        *((EXPERIMENT, name) for name in arguments.experiment),
        *((MODEL, name) for name in arguments.model),
    ]


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
    return [user.name, user.title, "yes" if user.password else "", tokens]
