"""snarkjs's side of the comparisons: its JSON, its verdicts in one node process, its contract.

The contract is rendered from the template that the npm package ships, by the renderer that
`snarkjs zkey export solidityverifier` calls, so that a key needs no .zkey.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.evm import node
from tests.verifier.bad_inputs import proof_json
from zk.field import Limbs, coordinates_from_limbs
from zk.groth16 import VerifyingKey

_RENDER = """
const ejs = require("ejs"), fs = require("fs");
const path = "node_modules/snarkjs/templates/verifier_groth16.sol.ejs";
const key = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(ejs.render(fs.readFileSync(path, "utf8"), key));
"""

_VERIFY = """
const snarkjs = require("snarkjs"), fs = require("fs");
(async () => {
  const { key, cases } = JSON.parse(fs.readFileSync(0, "utf8"));
  const out = [];
  for (const { publics, proof } of cases) {
    try { out.push(await snarkjs.groth16.verify(key, publics, proof)); }
    catch (e) { out.push(null); }
  }
  fs.writeSync(1, JSON.stringify(out));
  process.exit(0);
})();
"""


def key_json(vk: VerifyingKey) -> dict[str, Any]:
    """The fields of verification_key.json that snarkjs's verifier and template read."""

    def g1(point: Limbs) -> list[str]:
        return [*map(str, coordinates_from_limbs(point)), "1"]

    def g2(point: Limbs) -> list[list[str]]:
        x0, x1, y0, y1 = map(str, coordinates_from_limbs(point))
        return [[x0, x1], [y0, y1], ["1", "0"]]

    return {
        "protocol": "groth16",
        "curve": "bn128",
        "nPublic": vk.n_public,
        "vk_alpha_1": g1(vk.alpha1),
        "vk_beta_2": g2(vk.beta2),
        "vk_gamma_2": g2(vk.gamma2),
        "vk_delta_2": g2(vk.delta2),
        "IC": [g1(point) for point in vk.ic],
    }


def contract_source(vk: VerifyingKey) -> str:
    """snarkjs's Solidity verifier of the key; its contract is called Groth16Verifier."""
    return node(_RENDER, json.dumps(key_json(vk)), package="snarkjs")


def verdicts(vk: VerifyingKey, calls: Sequence[Sequence[int]]) -> list[bool | None]:
    """snarkjs's verdict of each call (words, the contract's order); None where it throws."""
    cases = [
        {"publics": [str(word) for word in words[8:]], "proof": proof_json(words)}
        for words in calls
    ]
    answer = node(_VERIFY, json.dumps({"key": key_json(vk), "cases": cases}), package="snarkjs")
    result: list[bool | None] = json.loads(answer)
    return result
