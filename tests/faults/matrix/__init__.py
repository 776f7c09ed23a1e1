"""The faults, one row each; `catalogue.py` lists them."""
