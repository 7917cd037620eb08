"""Is every output of a constraint system determined by its inputs? Proofs, and counterexamples."""
