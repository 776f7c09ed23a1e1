"""callbacks: planned contacts back to the party, and what came of them."""
