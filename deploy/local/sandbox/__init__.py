"""A phone network and a mail server on this machine: real SMPP 3.4 and SMTP, and a page of what arrived."""

from deploy.local.sandbox.sandbox import Sandbox, SandboxSettings

__all__ = ["Sandbox", "SandboxSettings"]
