"""One workspace and several platforms that know each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from reconciler.sandbox import Platform, Sandbox
from tests.support.estate import Estate
from tests.support.transport import InProcess


class ByHost(httpx.BaseTransport):
    """Carries each request to the platform whose address it names."""

    def __init__(self, platforms: Mapping[str, Platform]) -> None:
        self.carriers = {
            httpx.URL(platform.url).host: InProcess(platform) for platform in platforms.values()
        }

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request to its platform and back."""
        return self.carriers[request.url.host].handle_request(request)


class Sites(Estate):
    """An estate on several platforms; the first one is meant where a manifest says none."""

    def __init__(self, root: Path, *names: str, **sandbox: Any) -> None:
        self.names = names
        self.made = Sandbox(platforms=names, **sandbox)
        self.made.platforms["default"] = self.made.platforms[names[0]]
        super().__init__(root, self.made)
        del self.made.platforms["default"]
        self.transport = ByHost(self.made.platforms)  # type: ignore[assignment]
        self.environment |= {
            f"TOKEN_{name.upper()}": platform.tokens["admin"]
            for name, platform in self.made.platforms.items()
        }

    def workspace(self, **spec: Any) -> None:
        """Write the workspace file, with all platforms."""
        platforms = {
            name: {"url": platform.url, "token": {"env": f"TOKEN_{name.upper()}"}}
            for name, platform in self.made.platforms.items()
            if name in self.names
        }
        super().workspace(**{"platforms": platforms, "defaultPlatforms": [self.names[0]], **spec})

    def at(self, platform: str) -> Sites:
        """The same estate, with another platform to look at behind the tool's back."""
        self.platform = self.made.platforms[platform]
        return self

    def forget_requests(self) -> None:
        """Count from here on."""
        self.sandbox.reset_requests()
