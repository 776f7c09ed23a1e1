"""Messages: what is said to whom, its state from accepted to delivered."""
