"""SMPP 3.4: codec, link, receipts, long messages, and the provider on top."""
