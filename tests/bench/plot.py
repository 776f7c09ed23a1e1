"""B7 as a picture: the rate that came out and its p99, against the rate that was offered; SVG, nothing but text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log10
from pathlib import Path

from tests.bench.pairing import Rounds

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 400, 60, 70, 40, 50
_COLOURS = {"ours": "#1764ab", "peer": "#c2571a"}
_LEAST_MS, _MOST_MS = 1.0, 100_000.0

Point = tuple[float, float]
Place = Callable[[float], float]


def draw(rounds: Rounds, path: Path) -> None:
    """Writes the picture; lines are rates (left axis), dashed ones are p99 (right axis, logarithmic)."""
    points = {
        name: sorted(
            {(point["offered"], point["rate"], point["p99"]) for run in rounds.outcomes[name] for point in run.points}
        )
        for name in _COLOURS
    }
    most = max((max(offered, rate) for rows in points.values() for offered, rate, _ in rows), default=1.0)
    across = _scale(0, most, _LEFT, _WIDTH - _RIGHT)
    up = _scale(0, most, _HEIGHT - _BOTTOM, _TOP)
    slow = _scale(log10(_LEAST_MS), log10(_MOST_MS), _HEIGHT - _BOTTOM, _TOP)
    parts = [*_frame(most, across, up, slow)]
    for (name, rows), row in zip(points.items(), range(len(points)), strict=True):
        colour = _COLOURS[name]
        parts.append(_line([(across(offered), up(rate)) for offered, rate, _ in rows], colour))
        late = [(across(o), slow(log10(min(_MOST_MS, max(_LEAST_MS, p99))))) for o, _, p99 in rows]
        parts.append(_line(late, colour, "5 4"))
        parts.append(_text(_LEFT + 10, _TOP + 14 + 16 * row, f"{name}: — rate, - - p99", colour=colour))
    style = "font-family:sans-serif;font-size:12px"
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    white = f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} style="{style}">\n{white}\n' + "\n".join(parts) + "\n</svg>\n",
        encoding="utf-8",
    )


def _frame(most: float, across: Place, up: Place, slow: Place) -> list[str]:
    parts = [_text(_LEFT, 22, "Whole path: enquiries a second done (left) and p99 in ms (right) against offered load")]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = most * share
        parts.append(_text(across(value), _HEIGHT - _BOTTOM + 18, f"{value:.0f}", anchor="middle"))
        parts.append(_text(_LEFT - 6, up(value) + 4, f"{value:.0f}", anchor="end"))
        parts.append(_line([(_LEFT, up(value)), (_WIDTH - _RIGHT, up(value))], "#ddd"))
    for power in range(6):
        parts.append(_text(_WIDTH - _RIGHT + 6, slow(power) + 4, f"{10**power:,} ms"))
    second = slow(log10(1000))
    parts.append(_line([(_LEFT, second), (_WIDTH - _RIGHT, second)], "#999", "2 3"))
    parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 12, "offered, a second", anchor="middle"))
    return parts


def _scale(low: float, high: float, start: float, end: float) -> Place:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _line(points: Sequence[Point], colour: str, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{told}" fill="none" stroke="{colour}" stroke-width="1.5"{dashed}/>'


def _text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = "#333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'
