"""Applications that are not handed in yet: saved as they are, told what they lack, thrown away when forgotten."""
