"""Datasets: all that is public, as tables and in one zip, as it is today or was at the end of a day."""
