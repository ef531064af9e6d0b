"""Tokens of the server's users: a `new` one beside the others, or `revoke` one."""

from __future__ import annotations

import argparse

from nbtrack.cli.console import say
from nbtrack.cli.place import new_place
from nbtrack.cli.server_user import show_token
from nbtrack.server.audit import AuditLog
from nbtrack.server.users import Users


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help="another one for a user")
    new.add_argument("name", metavar="NAME")
    revoke = actions.add_parser("revoke", help="it is worth nothing from now on")
    revoke.add_argument("name", metavar="NAME")
    revoke.add_argument("id", metavar="ID", help="as `nbtrack server user list` shows it")


def run(arguments: argparse.Namespace) -> int:
    folder, name = new_place(arguments.store).folder, arguments.name
    if arguments.action == "new":
        token = Users(folder).new_token(name)
        AuditLog(folder).note_command(f"token new {name}")
        show_token(token)
    else:
        Users(folder).revoke(name, arguments.id)
        AuditLog(folder).note_command(f"token revoke {name} {arguments.id}")
        say("It is revoked.")
    return 0
