"""Load and cost of the real application, as figures and as ratios measured in one run."""
