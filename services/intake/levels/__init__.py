"""At what level a visitor is received: proposed by rules, judged by a person."""
