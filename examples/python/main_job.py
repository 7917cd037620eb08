"""The main job from Python: an account proves that it meets its margin, a verifier checks it.

    python examples/python/main_job.py [FOLDER WITH params.json, market.json, account.json]

It makes the account's secret in a temporary folder; a real one is made once and kept.
"""

import sys
import tempfile
from pathlib import Path

import zkmargin as zm

DEMO = Path(__file__).parents[1] / "demo"


def main(folder: Path) -> None:
    params = zm.RiskParams.load(folder / "params.json")
    market = zm.Market.load(folder / "market.json")
    domain = zm.Domain(chain_id=1, gate=0x6A7E000000000000000000000000000000000001)
    claim = zm.Claim(domain, params, market, mode="MM", buffer=0)

    with tempfile.TemporaryDirectory() as private:
        secret = Path(private) / "account.secret"
        zm.new_secret(secret)
        account = zm.Account.load(folder / "account.json", secret=secret)
    commitment = account.commitment(params)  # the venue's ledger holds it

    circuit = zm.compile(zm.meets_margin(params.shape_for(account.size_class)))
    print(circuit.summary())
    zm.check(circuit, claim, account)  # no proof; names the obligation that fails

    pk, vk = zm.setup(circuit, development=True)
    proof = zm.prove(pk, circuit, claim, account)

    # The verifier knows claim, account and commitment itself; it takes only the proof.
    zm.verify(
        vk,
        proof,
        claim,
        account=account.account,
        commitment=commitment,
        allow_development_key=True,
    )
    print("verified: the account meets its maintenance margin")
    contract = zm.contract(vk, name="MarginVerifier", allow_development_key=True)
    print(f"contract {contract.name}, {len(contract.source.splitlines())} lines")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO)
