"""`watch_training`: a training run as a film."""
