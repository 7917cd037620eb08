"""Portfolio margin: the model, the epoch table and the circuit."""
