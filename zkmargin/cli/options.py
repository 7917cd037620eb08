"""Every option of the command line, defined once.

A verb takes what it needs: `@options.params()`, or a group such as `@options.claim`. Numbers and
addresses are read in their one canonical form.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from zkmargin.cli.output import set_json

if TYPE_CHECKING:
    from zkmargin.models import AnyClaim

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

_R: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
#: The options that belong to one statement's claims.
_OWN: Final = {
    "meets": ("mode", "buffer"),
    "liquidatable": ("liquidator",),
    "greeks": ("delta", "vega", "underlying"),
}
#: Of the linear model positions + collaterals, of the portfolio model options.
_SIZE_CLASSES: Final = ("4+4", "16+8", "64+16", "1+1", "8", "16", "32", "64", "128", "2")


class Number(click.ParamType[int]):
    """An integer below a bound, in decimal, or in hexadecimal after 0x."""

    def __init__(self, name: str, bound: int) -> None:
        self.name, self.bound = name, bound

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = value if len(value) <= 80 else ""
        if re.fullmatch(r"0|[1-9][0-9]*", text, re.ASCII):
            number = int(text)
        elif re.fullmatch(r"0x[0-9a-fA-F]+", text, re.ASCII):
            number = int(text, 16)
        else:
            self.fail("must be a whole number in decimal, or in hexadecimal after 0x", param, ctx)
        if number >= self.bound:
            self.fail(f"must be below 2^{self.bound.bit_length() - 1}", param, ctx)
        return number


class Commitment(Number):
    """A field element."""

    def __init__(self) -> None:
        super().__init__("commitment", 1 << 256)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        number = super().convert(value, param, ctx)
        if number >= _R:
            self.fail("must be below the order r of the field of signals", param, ctx)
        return number


ADDRESS: Final = Number("address", 1 << 160)
CHAIN: Final = Number("number", 1 << 64)
AMOUNT: Final = Number("amount", 1 << 48)
PATH: Final = click.Path()


def _option(*names: str, **settings: Any) -> Callable[..., Decorator[Any]]:
    """An option as a function that a verb calls, overriding what it must (`required=True`)."""

    def make(**overrides: Any) -> Decorator[Any]:
        merged = {**settings, **overrides}
        if merged.get("required"):
            merged.pop("default", None)
        return click.option(*names, **merged)

    return make


json_output = _option(
    "--json",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=set_json,
    help="Print the result as one JSON object.",
)
params = _option("--params", type=PATH, required=True, help="The venue's params.json.")
market = _option(
    "--market",
    type=PATH,
    required=True,
    help="The market.json of the moment, or the epoch.json of `table build`.",
)
account = _option("--account", type=PATH, required=True, help="The account.json; secret.")
secret = _option(
    "--secret", type=PATH, required=True, help="The account's secret, made by `key new`."
)
chain_id = _option("--chain-id", type=CHAIN, default=0, help="Chain the proof is for; 0: none.")
gate = _option(
    "--gate",
    type=ADDRESS,
    default=0,
    help="Address of the gate contract the proof is for; 0: none.",
)
mode = _option(
    "--mode", type=click.Choice(("IM", "MM")), help="meets: initial or maintenance.  [default: MM]"
)
buffer = _option(
    "--buffer", type=AMOUNT, help="meets: whole quote units to spare, of the menu.  [default: 0]"
)
liquidator = _option("--liquidator", type=ADDRESS, help="liquidatable: who may act on the proof.")
delta = _option(
    "--delta", type=AMOUNT, help="greeks: the largest net delta, in whole units of an underlying."
)
vega = _option(
    "--vega",
    type=AMOUNT,
    help="greeks: the largest net vega, in whole quote units per 1.00 of vol.",
)
underlying = _option(
    "--underlying", metavar="NAME", help="greeks: the underlying it is about.  [default: all]"
)
circuit = _option("--circuit", type=PATH, help="A circuit made by `compile`.")
keys = _option("--keys", type=PATH, help="A folder of keys made by `setup`.")
statement = _option(
    "--statement", type=PATH, help="The statement.json of the keys; the key stands beside it."
)
account_id = _option("--account-id", type=ADDRESS, help="The account's id, from the ledger.")
commitment = _option(
    "--commitment", type=Commitment(), help="The account's commitment, from the ledger."
)
vk = _option("--vk", type=PATH, help="A verification_key.json of any Groth16 circuit.")
proof = _option("--proof", type=PATH, default="proof.json", show_default=True, help="The proof.")
public = _option("--public", type=PATH, help="The public inputs, public.json.")
allow_development = _option(
    "--allow-development-key",
    is_flag=True,
    help="Accept a development key, whose proofs anyone can forge: tests only.",
)
setup_not_verified = _option(
    "--setup-not-verified",
    is_flag=True,
    help="Go on although nobody has verified the key's setup; the contract will say so.",
)
size_class = _option(
    "--class",
    "size_class",
    type=click.Choice(_SIZE_CLASSES),
    help="Size class: positions + collaterals, or options.  [default: the params' first]",
)
reveal = _option(
    "--reveal",
    is_flag=True,
    help="Show the account's own numbers on this screen: equity, requirement, distance.",
)


def out(help: str, *, required: bool = True) -> Decorator[Any]:
    """`--out`, whose meaning each verb says."""
    return click.option("--out", type=PATH, required=required, help=help)


@dataclass(frozen=True)
class ClaimOptions:
    """What the options of `claim` said."""

    params: str
    market: str
    chain_id: int
    gate: int
    mode: str | None
    buffer: int | None
    liquidator: int | None
    delta: int | None
    vega: int | None
    underlying: str | None

    @property
    def own(self) -> dict[str, int | str | None]:
        """The options that belong to one statement, by name."""
        return {name: getattr(self, name) for names in _OWN.values() for name in names}

    @property
    def statement(self) -> str:
        """Whose options were given; meets if none were."""
        given = (kind for kind, names in _OWN.items() if self._given(names))
        return next(given, "meets")

    def _given(self, names: tuple[str, ...]) -> bool:
        return any(getattr(self, name) is not None for name in names)

    def claim(self, kind: str) -> AnyClaim:
        """The claim, for a key or circuit that states `kind`; of which model, the params say."""
        from circuits.margin.statement import Domain
        from zkmargin.models import PREFIX, load_market, load_params, make_claim

        kind = kind.removeprefix(PREFIX)
        for owner, names in _OWN.items():
            if owner != kind and self._given(names):
                belong = "belongs" if len(names) == 1 else "belong"
                raise click.UsageError(
                    f"{_listed(names)} {belong} to {owner}; this key states {kind!r}"
                )
        if kind == "liquidatable" and self.liquidator is None:
            raise click.UsageError("--liquidator is missing: a liquidatable claim names one")
        limits = None
        if kind == "greeks":
            if self.delta is None or self.vega is None:
                missing = "--delta" if self.delta is None else "--vega"
                raise click.UsageError(f"{missing} is missing: a greeks claim names both limits")
            limits = self.delta, self.vega
        venue = load_params(self.params)
        return make_claim(
            Domain(self.chain_id, self.gate),
            venue,
            load_market(self.market, venue),
            mode=self.mode or "MM",
            buffer=self.buffer or 0,
            liquidator=self.liquidator,
            limits=limits,
            underlying=self.underlying,
        )


def _listed(names: tuple[str, ...]) -> str:
    """Options as a sentence has them: --a, --b and --c."""
    words = [f"--{name}" for name in names]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def claim(*, required: bool = True) -> Decorator[Any]:
    """All that is public of a claim but account and commitment; the verb gets `claim_options`."""
    names = list(ClaimOptions.__dataclass_fields__)

    def decorate(body: F) -> F:
        @functools.wraps(body)
        def gathered(**values: Any) -> Any:
            chosen = ClaimOptions(**{name: values.pop(name) for name in names})
            return body(claim_options=chosen, **values)

        decorated: Any = gathered
        for make in (underlying, vega, delta, liquidator, buffer, mode, gate, chain_id):
            decorated = make()(decorated)
        for make in (market, params):
            decorated = make(required=required)(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def verb(name: str, example: str) -> Decorator[Any]:
    """A command with `--json`, and an example at the end of its help."""

    def decorate(body: Callable[..., None]) -> click.Command:
        lines = "\n".join(f"  {line}" for line in example.strip().splitlines())
        command = click.command(name, epilog=f"\b\nExample:\n{lines}")
        return command(json_output()(body))

    return decorate
