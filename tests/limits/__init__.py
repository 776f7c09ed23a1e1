"""How far the visits go on this machine: commands that print figures, and judge nothing by them."""
