"""Lets the tests here use what the scenarios have: certificates and whole meshes."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
