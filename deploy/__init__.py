"""How the product is run: laptop, containers, clusters."""
