"""`key new` and `commit`: an account's secret, and the commitment that hides its book."""

from __future__ import annotations

import click

from circuits.margin.commitment import new_secret
from zkmargin.cli import options
from zkmargin.cli.output import note, result
from zkmargin.models import commitment_of, load_account, load_params


@click.group("key")
def key_command() -> None:
    """Make an account's secret."""


@options.verb("new", "zkmargin key new account.secret")
@click.argument("path", type=options.PATH)
def new(path: str) -> None:
    """Draw an account's secret from the operating system into the new file PATH.

    Only its owner can read the file (mode 0600); an existing file is never overwritten. The salt of
    every commitment comes from it: keep a copy in a safe place, a lost one cannot be made again.
    """
    new_secret(path)
    note("keep a copy of it in a safe place: it cannot be made again")
    result(path, file=path)


key_command.add_command(new)


@options.verb(
    "commit",
    "zkmargin commit --account account.json --secret account.secret --params params.json",
)
@options.account()
@options.secret()
@options.params(required=False, help="The venue's params.json, if the account names instruments.")
def commit_command(account: str, secret: str, params: str | None) -> None:
    """Print the commitment to an account's book: what the ledger or the gate will hold.

    It is new with every sequence number, so the account raises `sequence` at every write.
    """
    venue = load_params(params) if params is not None else None
    loaded = load_account(account, venue, secret)
    value = commitment_of(loaded, venue)
    result(
        str(value),
        commitment=str(value),
        account=f"{loaded.account:#042x}",
        size_class=str(loaded.size_class),
    )
