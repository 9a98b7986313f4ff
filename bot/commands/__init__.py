"""The `/papers` commands. Each is defined once, here; every platform makes its own form of it."""

from bot.commands.registry import Command, Kind, Parameter, Registry
from bot.commands.runner import REGISTRY, Commands
from bot.commands.services import Services

__all__ = ["REGISTRY", "Command", "Commands", "Kind", "Parameter", "Registry", "Services"]
