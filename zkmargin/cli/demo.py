"""`demo`: the whole story on a real account, from a secret to a proof that an EVM accepts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from circuits.margin.account import Account
from circuits.margin.commitment import new_secret
from circuits.margin.market import Market
from circuits.margin.params import RiskParams
from circuits.margin.statement import Claim, Domain
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

#: Where the proof is for: a chain id and a gate contract's address, made up for the demo.
DOMAIN = Domain(chain_id=1, gate=0x6A7E000000000000000000000000000000000001)
BUFFER = 1_000_000
CLASSES = ("16+8", "64+16")

_FILES = ("params.json", "market.json", "account.json", "account-underwater.json")


@dataclass
class Story:
    """The demo's narration: words as they come, numbers for `--json`."""

    out: Path
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


@options.verb("demo", "zkmargin demo --out demo-out --class 16+8")
@options.out("Folder for what the demo writes.  [default: demo-out]", required=False)
@options.size_class(
    type=click.Choice(CLASSES), default=CLASSES[0], show_default=True, help="Size class."
)
def demo_command(out: str | None, size_class: str) -> None:
    """Run the whole story on a real account, down to an EVM, and say what stayed private.

    An account of perpetuals, dated futures and four collaterals proves that it meets its
    maintenance margin. Keys are development keys, cached by the circuit's digest. Without Node,
    solc or pyrevm the last step says what it lacks.
    """
    story = Story(Path(out or "demo-out"))
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


def _inputs(story: Story, size_class: str) -> tuple[Claim, Account]:
    """The venue's public files, the account's own, and its secret."""
    story.out.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        _copy(story.out / name, size_class)
    out = story.out
    secret = out / "account.secret"
    with story.chapter("drawing a secret", f"key new {secret}"):
        if not secret.exists():
            new_secret(secret)
    story.tell("the account's secret, from the operating system, readable by its owner only")

    params = RiskParams.load(out / "params.json")
    market = Market.load(out / "market.json")
    account = Account.load(out / "account.json", secret=secret)
    claim = Claim(DOMAIN, params, market, mode="MM", buffer=BUFFER)
    files = f"--params {out}/params.json --market {out}/market.json"
    with story.chapter("hashing the market", f"root {files}"):
        root = claim.epoch.root
    story.tell(
        f"{root}", f"one number for {len(claim.epoch.rows)} rows of marks, funding and tiers"
    )
    story.fields |= {"size_class": size_class, "epoch_root": str(root)}
    return claim, account


def _copy(path: Path, size_class: str) -> None:
    """A packaged file, its size class changed to the one asked for; accounts are secret."""
    text = files("zkmargin").joinpath("data", "demo", path.name).read_text(encoding="utf-8")
    content = json.loads(text)
    is_account = "size_class" in content
    if is_account and content["size_class"] != size_class:
        text = json.dumps({**content, "size_class": size_class}, indent=2) + "\n"
    write_atomic(path, text, secret=is_account)


def _prove(story: Story, claim: Claim, account: Account) -> tuple[VerifyingKey, Proof, int]:
    """Commit, compile, check, keys, proof."""
    out, params = story.out, claim.params
    with story.chapter("committing", f"commit --account {out}/account.json --secret ..."):
        commitment = account.commitment(params)
    story.tell(
        f"{commitment}", "what the ledger holds; it hides the book and is new at every write"
    )

    shape = params.shape_for(account.size_class)
    with story.chapter("compiling", f"compile meets --params ... --class {shape.size_class}"):
        circuit = proving.compile(proving.statement_circuit("meets", shape))
    system = circuit.r1cs
    story.tell(
        f"{system.n_constraints:,} constraints, {system.n_publics} public inputs, domain "
        f"{system.domain_size:,}",
        f"digest {circuit.digest:#066x}",
    )
    with story.chapter("checking", "check --circuit ... --mode MM"):
        proving.check(circuit, claim, account)
    story.tell(f"every constraint holds: margin above maintenance by {BUFFER:,} or more")
    underwater = Account.load(out / "account-underwater.json", secret=out / "account.secret")
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
    story: Story, key: VerifyingKey, claim: Claim, account: int, commitment: int
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


def _private(story: Story, account: Account) -> None:
    """What everyone saw, and what nobody did."""
    story.say(click.style("\nPublic:", bold=True))
    story.tell(
        f"that account {account.account:#042x} meets maintenance margin with {BUFFER:,} to spare,",
        "the market and the risk parameters, the commitment, the size class, chain and gate",
    )
    story.say(click.style("Private:", bold=True))
    story.tell(
        "every position, size and side, how many there are, the collateral, the cash,",
        "equity, requirement and how far from the line they are "
        "(`zkmargin check --reveal` shows them to the owner)",
    )


def _refusal(attempt: Callable[[], None]) -> str:
    """What was said when `attempt` was refused; it is a defect if it was not."""
    try:
        attempt()
    except (UnsatisfiedConstraint, InvalidProof) as error:
        return str(error)
    raise EngineError("a false claim was accepted: do not use this build")
