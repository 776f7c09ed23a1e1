"""intake: everything that comes in, the people it comes from, and the people who receive them."""
