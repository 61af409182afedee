"""What every task shares: command line, sources, text, batches, training, run folder, export and pictures."""
