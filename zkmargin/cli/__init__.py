"""The command line: `zkmargin VERB`, each verb loaded when it is called.

Results go to stdout, words and progress to stderr; `--json` makes the result one JSON object, a
failure's too. Exit codes:

    0    true, or done
    1    the claim or the proof is false
    2    an input is wrong: a file, an option, a key that is refused
    3    not decided (analyse)
    70   a defect of this program
    130  interrupted          141  the reader of stdout went away
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import Any, Final

import click

from zkmargin import __version__
from zkmargin.cli import output

#: verb -> (module, what it does in one line).
VERBS: Final = {
    "key": ("keys", "Make an account's secret."),
    "commit": ("keys", "Print the commitment to an account's book."),
    "root": ("build", "Print the epoch root of a market under its risk parameters."),
    "table": ("tables", "Build or check a portfolio venue's published table."),
    "market-from": ("tables", "Make a portfolio venue's market.json from a public feed."),
    "margin": ("margin", "Show an account's owner its margin, and what a trade would make of it."),
    "compile": ("build", "Compile a margin statement into a circuit."),
    "setup": ("build", "Make or import the keys of a circuit."),
    "prepare": ("build", "Prepare the proving key of a folder, so that proving starts at once."),
    "check": ("proofs", "Check a claim against every constraint, without a proof."),
    "prove": ("proofs", "Prove a claim about an account."),
    "verify": ("verify", "Verify a proof against what the verifier knows itself."),
    "calldata": ("contracts", "Print a proof as the arguments of a contract call."),
    "contract": ("contracts", "Write the Solidity contract that verifies a key's proofs."),
    "inspect": ("inspect", "Say what a file is and what it holds."),
    "analyse": ("analyse", "Decide whether the inputs determine the outputs, and every wire."),
    "profile": ("profile", "Count a circuit's constraints by what they are for."),
    "trace": ("trace", "Show where one signal of a circuit comes from."),
    "export": ("export", "Write a circuit as .r1cs, .sym and a witness program."),
    "bench": ("bench", "Measure kernels, stages and whole proofs on this machine."),
    "demo": ("demo", "Run the whole story on a real account, down to an EVM."),
}


class Verbs(click.Group):
    """A group whose verbs are imported on use, and in which every error becomes one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command: click.Command = getattr(
            import_module(f"zkmargin.cli.{VERBS[name][0]}"), f"{name.replace('-', '_')}_command"
        )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, words) for name, (_, words) in VERBS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except (click.exceptions.Exit, click.exceptions.NoArgsIsHelpError, click.Abort):
            raise
        except Exception as error:
            ctx.exit(output.fail(ctx, error))

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run and leave by SystemExit."""
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
        except click.ClickException as error:  # of the group itself: an unknown verb or option
            error.show()
            code = output.WRONG
        except click.Abort:
            click.echo("interrupted", err=True)
            code = output.INTERRUPTED
        sys.exit(code if isinstance(code, int) else 0)


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="zkmargin %(version)s")
def cli() -> None:
    """Prove that an account meets its margin requirement without showing its positions.

    `zkmargin demo` shows the whole story; `zkmargin VERB --help` has an example for each verb.
    """


def main() -> None:
    """The entry point of the `zkmargin` command."""
    # numpy's linear algebra is not used: its threads would spin beside the engine's as they start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # A run makes few cycles and many objects: collect garbage seldom.
    gc.set_threshold(100_000, 20, 20)
    cli()
