"""Groth16 prover: keys from a circuit, proofs from a key and a witness; nothing of margin."""
