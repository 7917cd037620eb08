"""Proofs across tools: what we make is accepted by snarkjs, and what it makes by us."""
