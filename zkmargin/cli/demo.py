"""`demo`: the whole story on a real account, from a secret to a proof that an EVM accepts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from circuits.margin.commitment import new_secret
from circuits.margin.statement import Domain
from verifier.calldata import abi_calldata
from verifier.contract import LEAST_GAS_CAP, Contract
from zk.errors import EngineError, InvalidProof, UnsatisfiedConstraint
from zk.formats.atomic import write_atomic
from zk.formats.json import load_proof, save_proof, save_public
from zk.groth16 import Proof
from zkmargin import evm, proving, verifying
from zkmargin.cache import cache_folder, development_keys
from zkmargin.cli import options
from zkmargin.cli.output import is_json, result, step
from zkmargin.keys import VerifyingKey
from zkmargin.models import (
    class_name,
    commitment_of,
    load_account,
    load_market,
    load_params,
    make_claim,
    shape_for,
    statement_name,
)

if TYPE_CHECKING:
    from zkmargin.models import AnyAccount, AnyClaim

#: Where the proof is for: a chain id and a gate contract's address, made up for the demo.
DOMAIN = Domain(chain_id=1, gate=0x6A7E000000000000000000000000000000000001)
_FILES = ("params.json", "market.json", "account.json", "account-underwater.json")


@dataclass(frozen=True)
class Scene:
    """What the demo of a margin model is about."""

    data: str  # the folder of its files in the package
    classes: tuple[str, ...]
    buffer: int
    rows: str
    private: tuple[str, str]


SCENES = {
    "linear": Scene(
        data="demo",
        classes=("16+8", "64+16"),
        buffer=1_000_000,
        rows="marks, funding and tiers",
        private=(
            "every position, size and side, how many there are, the collateral, the cash,",
            "equity, requirement and how far from the line they are "
            "(`zkmargin check --reveal` shows them to the owner)",
        ),
    ),
    "portfolio": Scene(
        data="portfolio",
        classes=("8", "16", "32", "64", "128"),
        buffer=100_000,
        rows="option values in 33 scenarios",
        private=(
            "every option, future and perpetual, size and side, how many there are, the cash,",
            "which scenario is the worst and how far from the line it ends "
            "(`zkmargin margin` shows them to the owner)",
        ),
    ),
}


@dataclass
class Story:
    """The demo's narration: words as they come, numbers for `--json`."""

    out: Path
    scene: Scene
    fields: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    number: int = 0

    def say(self, words: str = "") -> None:
        click.echo(words, err=is_json())

    @contextmanager
    def chapter(self, name: str, command: str) -> Iterator[None]:
        """One verb: its command line, what it said, and how long it took."""
        self.number += 1
        self.say(click.style(f"\n{self.number}. zkmargin {command}", bold=True))
        started = time.perf_counter()
        with step(name):
            yield
        seconds = time.perf_counter() - started
        self.seconds[name.replace(" ", "_")] = round(seconds, 3)
        self.say(f"   {seconds:.2f} s")

    def tell(self, *lines: str) -> None:
        for line in lines:
            self.say(f"   {line}")


@options.verb("demo", "zkmargin demo --out demo-out --class 16+8\nzkmargin demo portfolio")
@click.argument("model", type=click.Choice(tuple(SCENES)), default="linear")
@options.out("Folder for what the demo writes.  [default: demo-out]", required=False)
@options.size_class(help="Size class.  [default: 16+8, of portfolio 8]")
def demo_command(model: str, out: str | None, size_class: str | None) -> None:
    """Run the whole story on a real account, down to an EVM, and say what stayed private.

    An account of perpetuals, dated futures and four collaterals proves that it meets its
    maintenance margin; with `portfolio` one of eight options with their hedges, under 33 scenarios.
    Keys are development keys, cached by the circuit's digest. Without Node, solc or pyrevm the last
    step says what it lacks.
    """
    scene = SCENES[model]
    size_class = size_class or scene.classes[0]
    if size_class not in scene.classes:
        raise click.UsageError(f"--class is one of {', '.join(scene.classes)} here")
    story = Story(Path(out or "demo-out"), scene)
    started = time.perf_counter()
    inputs = _inputs(story, size_class)
    keys, proof, commitment = _prove(story, *inputs)
    contract = _verify(story, keys, inputs[0], inputs[1].account, commitment)
    publics = verifying.public_inputs(
        keys, inputs[0], account=inputs[1].account, commitment=commitment
    )
    _on_chain(story, contract, proof, publics)
    _private(story, inputs[1])
    total = time.perf_counter() - started
    story.say(f"\n{total:.1f} s in all; files in {story.out}, keys in {cache_folder()}")
    story.fields |= {"seconds": story.seconds, "total_seconds": round(total, 3)}
    if is_json():
        result("", folder=str(story.out), **story.fields)


def _inputs(story: Story, size_class: str) -> tuple[AnyClaim, AnyAccount]:
    """The venue's public files, the account's own, and its secret."""
    story.out.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        _copy(story, name, size_class)
    out = story.out
    secret = out / "account.secret"
    with story.chapter("drawing a secret", f"key new {secret}"):
        if not secret.exists():
            new_secret(secret)
    story.tell("the account's secret, from the operating system, readable by its owner only")

    params = load_params(out / "params.json")
    market = load_market(out / "market.json", params)
    account = load_account(out / "account.json", params, secret)
    claim = make_claim(DOMAIN, params, market, mode="MM", buffer=story.scene.buffer)
    files = f"--params {out}/params.json --market {out}/market.json"
    with story.chapter("hashing the market", f"root {files}"):
        root = claim.epoch.root
    rows = f"{len(claim.epoch.rows)} rows of {story.scene.rows}"
    story.tell(f"{root}", f"one number for {rows}")
    story.fields |= {"size_class": size_class, "epoch_root": str(root)}
    return claim, account


def _copy(story: Story, name: str, size_class: str) -> None:
    """A packaged file, its size class changed to the one asked for; accounts are secret."""
    packaged = files("zkmargin").joinpath("data", story.scene.data, name)
    text = packaged.read_text(encoding="utf-8")
    content = json.loads(text)
    is_account = "size_class" in content
    if is_account and content["size_class"] != size_class:
        text = json.dumps({**content, "size_class": size_class}, indent=2) + "\n"
    write_atomic(story.out / name, text, secret=is_account)


def _prove(story: Story, claim: AnyClaim, account: AnyAccount) -> tuple[VerifyingKey, Proof, int]:
    """Commit, compile, check, keys, proof."""
    out, params, buffer = story.out, claim.params, story.scene.buffer
    with story.chapter("committing", f"commit --account {out}/account.json --secret ..."):
        commitment = commitment_of(account, params)
    story.tell(
        f"{commitment}", "what the ledger holds; it hides the book and is new at every write"
    )

    shape = shape_for(params, str(account.size_class))
    with story.chapter("compiling", f"compile meets --params ... --class {class_name(shape)}"):
        circuit = proving.compile(proving.statement_circuit(statement_name("meets", params), shape))
    system = circuit.r1cs
    story.tell(
        f"{system.n_constraints:,} constraints, {system.n_publics} public inputs, domain "
        f"{system.domain_size:,}",
        f"digest {circuit.digest:#066x}",
    )
    with story.chapter("checking", "check --circuit ... --mode MM"):
        proving.check(circuit, claim, account)
    story.tell(f"every constraint holds: margin above maintenance by {buffer:,} or more")
    underwater = load_account(out / "account-underwater.json", params, out / "account.secret")
    with story.chapter("refusing", "check ... --account account-underwater.json"):
        refusal = _refusal(lambda: proving.check(circuit, claim, underwater))
    story.tell(f"refused, as it must be: {refusal}")

    with story.chapter("making the keys", "setup --development --circuit ..."):
        pk, cached = development_keys(circuit)
    story.tell(
        "from the cache, known by its digests" if cached else "made, and kept in the cache",
        "a DEVELOPMENT key: anyone can forge its proofs; it is refused unless asked for by name",
    )
    with story.chapter("proving", "prove --keys ... --mode MM"):
        values = proving.witness(circuit, claim, account)
        proof = proving.prove_witness(pk, circuit, values)
    save_public(out / "public.json", values[1 : 1 + system.n_publics])
    save_proof(out / "proof.json", proof)
    story.tell("three points of the curve, 256 bytes; witness checked first, the proof itself last")
    keys = out / "keys"
    pk.save(keys, circuit)
    story.fields |= {
        "constraints": system.n_constraints,
        "circuit_digest": f"{circuit.digest:#066x}",
        "commitment": str(commitment),
        "keys_cached": cached,
    }
    return VerifyingKey.load(keys / "statement.json"), proof, commitment


def _verify(
    story: Story, key: VerifyingKey, claim: AnyClaim, account: int, commitment: int
) -> Contract:
    """The verifier's side: only public files, and what a ledger would hold."""
    command = "verify --statement ... --account-id ... --commitment ... --allow-development-key"
    with story.chapter("verifying", command):
        proof = load_proof(story.out / "proof.json")

        def verify(held: int) -> None:
            verifying.verify(
                key, proof, claim, account=account, commitment=held, allow_development_key=True
            )

        verify(commitment)
    story.tell("valid")
    refusal = _refusal(lambda: verify(commitment - 1))
    story.tell(f"for another commitment: {refusal}")
    with story.chapter("contract", "contract --statement ... --allow-development-key"):
        contract = verifying.contract(key, allow_development_key=True)
        contract.save(story.out / f"{contract.name}.sol")
    story.tell(f"{contract.name}.sol; its name says which kind of key it holds")
    story.fields |= {"verified": True, "contract": contract.name}
    return contract


def _on_chain(story: Story, contract: Contract, proof: Proof, publics: list[int]) -> None:
    """Deploy, accept, and refuse each public input changed alone."""
    story.say(click.style(f"\n{story.number + 1}. the contract in an EVM", bold=True))
    try:
        solc, chain = evm.find_solc(), evm.Chain()
        with step("compiling the contract with solc"):
            code = evm.compile_contract(contract.source, contract.name, solc)
    except evm.Missing as missing:
        story.tell(f"left out: {missing}")
        story.fields["evm"] = {"left_out": str(missing)}
        return
    address = chain.deploy(code, LEAST_GAS_CAP)
    accepted = chain.call(address, abi_calldata(proof, publics, "verifyProof"))
    if not accepted.ok:
        raise InvalidProof("the contract refused a valid proof")
    story.tell(f"verifyProof accepts the proof: {accepted.gas:,} gas for the whole transaction")
    refused = 0
    for i, value in enumerate(publics):
        changed = [*publics[:i], value - 1 if value else 1, *publics[i + 1 :]]
        answer = chain.call(address, abi_calldata(proof, changed, "isValid"))
        refused += answer.ok and int.from_bytes(answer.data, "big") == 0
    if refused != len(publics):
        raise InvalidProof("the contract accepted a changed public input")
    story.tell(f"isValid is false for each of the {refused} public inputs changed by one")
    story.fields["evm"] = {"gas": accepted.gas, "changed_inputs_refused": refused}


def _private(story: Story, account: AnyAccount) -> None:
    """What everyone saw, and what nobody did."""
    story.say(click.style("\nPublic:", bold=True))
    buffer = story.scene.buffer
    story.tell(
        f"that account {account.account:#042x} meets maintenance margin with {buffer:,} to spare,",
        "the market and the risk parameters, the commitment, the size class, chain and gate",
    )
    story.say(click.style("Private:", bold=True))
    story.tell(*story.scene.private)


def _refusal(attempt: Callable[[], None]) -> str:
    """What was said when `attempt` was refused; it is a defect if it was not."""
    try:
        attempt()
    except (UnsatisfiedConstraint, InvalidProof) as error:
        return str(error)
    raise EngineError("a false claim was accepted: do not use this build")
