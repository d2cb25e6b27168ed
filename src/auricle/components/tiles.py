"""Tiles: time crossed with bands."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from auricle.clip import Clip
from auricle.components.bands import Bands
from auricle.components.base import Components
from auricle.components.kind import Kind, Product
from auricle.components.time import Time
from auricle.frontends.grid import STFT
from auricle.settings import settings


@dataclass(frozen=True, config=settings)
class Tiles(Kind):
    """Every one of ``bands`` bands in every one of ``count`` slices of time, lowest band of the first slice first.

    The grid of SLIME (Mishra, Sturm and Dixon, ISMIR 2017), cut from the sound itself. It is the product
    ``bands:…,time:…`` under a shorter name.
    """

    name: ClassVar[str] = "tiles"
    summary: ClassVar[str] = "a grid of time × frequency: every band in every slice"
    usage: ClassVar[str] = "tiles:6x4, tiles:0.25sx8 or tiles:6x4:hertz"

    count: int = Field(default=6, ge=1, description="how many slices of time")
    bands: int = Field(default=4, ge=1, description="how many bands")
    scale: Literal["mel", "hertz", "octave"] = Field(
        default="mel", description="the scale on which bands are equally wide"
    )
    seconds: float | None = Field(default=None, gt=0, description="length of a slice; overrides count")

    @classmethod
    def parse(cls, rest: str) -> Tiles:
        if not rest:
            return cls()
        sizes, _, scale = rest.partition(":")
        time, cross, bands = sizes.replace("×", "x").partition("x")
        try:
            if not cross:
                raise ValueError(sizes)
            chosen = {"scale": scale} if scale else {}
            if time.endswith("s"):
                return cls(seconds=float(time[:-1]), bands=int(bands), **chosen)  # type: ignore[arg-type]
            return cls(count=int(time), bands=int(bands), **chosen)  # type: ignore[arg-type]
        except ValueError as error:
            raise cls.misread(rest) from error

    def text(self) -> str:
        time = f"{self.count}" if self.seconds is None else f"{self.seconds:.12g}s"
        return f"tiles:{time}x{self.bands}" + ("" if self.scale == "mel" else f":{self.scale}")

    def product(self) -> Product:
        return Product(Time(self.count, self.seconds), Bands(self.bands, self.scale))

    def __call__(self, clip: Clip, sample_rate: int, grid: STFT) -> Components:
        return dataclasses.replace(self.product()(clip, sample_rate, grid), text=self.text())
