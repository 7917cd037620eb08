"""Groth16 verification: of a proof in Python, and a contract that does it on chain.

Knows keys, proofs and files (zk); nothing of provers or of margin.
"""
