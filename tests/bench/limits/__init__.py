"""What the same machine gives when everything but one thing is left out."""
