"""Portfolio margin under scenarios: the model, the epoch table and the statements."""
