"""`python -m evalsuite.suites freeze NAME` prints the line that freezes a suite."""

from __future__ import annotations

import argparse
import sys

from evalsuite.suites import freeze

parser = argparse.ArgumentParser(prog="python -m evalsuite.suites", description="Print the hash that freezes a suite.")
parser.add_argument("command", choices=["freeze"])
parser.add_argument("name", help="a suite's name, or the path of its TOML file")
sys.stdout.write(f'sha256 = "{freeze(parser.parse_args().name)}"\n')
