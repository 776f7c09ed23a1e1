"""Consent: what an address may be sent, as its owner said."""
