"""Templates: the words, per purpose, language and channel."""
