"""What is measured besides the usual: annotated events, repeats, baselines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auricle.clip import Clip
from auricle.components.annotations import read_intervals
from auricle.components.intervals import SLACK_SECONDS
from auricle.errors import AuricleError
from auricle.methods import Method
from auricle.methods.coalitions.absent import names_of
from auricle.methods.coalitions.method import CoalitionMethod


@dataclass(frozen=True)
class Asked:
    """Settings of ``measure()``; events are (start, end) in seconds of the recording."""

    events: tuple[tuple[float, float], ...] = ()
    repeats: int | None = None
    baselines: str | None = None

    def settings(self, clip: Clip, *, section: bool = False) -> dict[str, Any]:
        """For one clip, or a ``section`` of a recording: events in its own seconds, as far as they lie in it."""
        given: dict[str, Any] = {"repeats": self.repeats, "baselines": self.baselines}
        # Times in files are rounded.
        events = [
            (start, clip.seconds if 0 <= end - clip.seconds <= SLACK_SECONDS else end) for start, end in self.events
        ]
        if section:
            shifted = [(start - clip.start_seconds, end - clip.start_seconds) for start, end in self.events]
            cut = [(max(start, 0.0), min(end, clip.seconds)) for start, end in shifted]
            events = [(start, end) for start, end in cut if end > start]
            if events and min(events)[0] <= 0.0 and sum(end - start for start, end in events) >= clip.seconds:
                events = []  # nothing in this section lies outside an event
        return {**given, "events": events or None}

    def check(self, seconds: float, name: str) -> None:
        """Events beyond a recording that is heard in sections."""
        wrong = next((each for each in self.events if not 0 <= each[0] < each[1] <= seconds + SLACK_SECONDS), None)
        if wrong is not None:
            raise AuricleError(
                f"the event from {wrong[0]:g} to {wrong[1]:g} s does not lie in {name}, which has {seconds:g} s; give "
                "start and end in the recording's seconds"
            )


NOTHING = Asked()


def asked(
    method: Method, *, measure: bool, clips: int, events: str | None, repeats: int | None, baselines: str | None
) -> Asked:
    """What the flags ask for, or a sentence about what they cannot be used for."""
    given = {"--events": events, "--repeats": repeats, "--baselines": baselines}
    flag = next((name for name, value in given.items() if value is not None), None)
    if flag is None:
        return NOTHING
    if not measure:
        raise AuricleError(f"{flag} is something to measure; leave out --no-measure")
    if not isinstance(method, CoalitionMethod):
        for name in ("--repeats", "--baselines"):
            if given[name] is not None:
                raise AuricleError(
                    f"{name} is for methods that remove parts of the sound, such as kernel-shap; {method.name} does not"
                )
    if repeats is not None and repeats < 2:
        raise AuricleError(f"{repeats} repeats cannot be compared; give at least 2")
    if baselines is not None and len(names_of(baselines)) < 2:
        raise AuricleError(f"one baseline ({baselines}) cannot be compared; give two, like silence,noise")
    return Asked(() if events is None else _events(events, clips), repeats, baselines)


def _events(text: str, clips: int) -> tuple[tuple[float, float], ...]:
    if clips > 1:
        raise AuricleError(f"--events {text} belongs to one recording; explain clips with events one by one")
    file, _, tier = text.partition("#")
    found = tuple((start, end) for start, end, _ in read_intervals(file, tier or None))
    if not found:
        raise AuricleError(f"{text} holds no events; give start, end and label in seconds, one event a line")
    return found
