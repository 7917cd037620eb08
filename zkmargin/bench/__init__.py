"""Times on the user's own machine: kernels, stages, whole proofs beside peers."""
