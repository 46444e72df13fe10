"""`gapura settings`: every setting with its unit, default and reason. Values are not shown: some are addresses
with a password in them."""

import argparse
from dataclasses import asdict

from idp.commands.answer import Answer, make_command
from idp.settings import SETTINGS


def add_to(subject: argparse.ArgumentParser) -> None:
    make_command(subject, show)


def show(_asked: argparse.Namespace) -> Answer:
    width = max(len(setting.name) for setting in SETTINGS)
    lines = []
    for setting in SETTINGS:
        lines.append(f"{setting.name:<{width}}  {setting.unit} (default: {setting.default})")
        lines.append(f"{'':<{width}}  {setting.reason}")
    return Answer([asdict(setting) for setting in SETTINGS], lines)
