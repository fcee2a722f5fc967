"""What the scenarios share is there for the other suites as well."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "scenario"))
