"""The first step of all: `bootstrap.py` runs as a script, before anything is installed."""

from __future__ import annotations

import sys

from deploy.local import bootstrap


def test_no_file_beside_the_script_stands_in_front_of_the_standard_library() -> None:
    """A script's own folder comes first on the path: an `operator.py` there ends Python before its first line."""
    beside = {path.stem for path in bootstrap.UV.parent.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert beside & sys.stdlib_module_names == set()
