"""How each tone is drawn.

The app has the component classes of all tones, not each widget that draws text: Textual makes a
node for every component class of a widget whenever its styles are applied. 17 of them on each of
a dozen widgets took a third of opening a tab, and most of the styles of the first frame.
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import ClassVar, Literal, NamedTuple, get_args

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ReturnType
from textual.css.styles import RenderStyles
from textual.geometry import Region, Spacing
from textual.strip import Strip
from textual.widget import Widget

from cortex_tui.tui.changed_lines import DrawsLines
from cortex_tui.tui.render.text import Line, Share, SpanTone, width_of

_tone = attrgetter("tone")

LEAST_CONTRAST = 3.0
"""Of a text in a line that is set off, to what is behind it; with less, it has the colour of the
other text in that line."""

Highlight = Literal["", "cursor", "selected"]
"""What is special about a line: the cursor is on it, or was until another part got the focus."""


class TonedApp(App[ReturnType]):
    """An app with widgets whose text has tones."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tone--dim",
        "tone--head",
        "tone--good",
        "tone--bad",
        "tone--warn",
        "tone--cursor",
        "tone--selected",
        "tone--series-1",
        "tone--series-2",
        "tone--series-3",
        "tone--series-4",
        "tone--series-5",
        "tone--series-6",
        *(f"tone--{share}" for share in get_args(Share)),
    }
    DEFAULT_CSS = """
    TonedApp {
        .tone--dim { color: $text-muted; }
        .tone--head { color: $text-primary; text-style: bold; }
        .tone--good { color: $text-success; }
        .tone--bad { color: $text-error; text-style: bold; }
        .tone--warn { color: $text-warning; text-style: bold; }
        &:ansi .tone--dim { text-style: dim; }
        .tone--series-1 { color: $text-secondary; }
        .tone--series-2 { color: $text-warning; }
        .tone--series-3 { color: $text-success; }
        .tone--series-4 { color: $text-error; }
        .tone--series-5 { color: $text-accent; }
        .tone--series-6 { color: $text-primary; }
        /* Blue to orange, which colour-blind people see apart; darker or brighter the more. */
        .tone--much-in-a { background: #3d85c6; color: #000000; }
        .tone--more-in-a { background: #1c4a75; color: #ffffff; }
        .tone--alike { background: #3c3c3c; color: #b0b0b0; }
        .tone--more-in-b { background: #7a450c; color: #ffffff; }
        .tone--much-in-b { background: #f39a2e; color: #000000; }
        &:light .tone--much-in-a { background: #1f5f9e; color: #ffffff; }
        &:light .tone--more-in-a { background: #a9cbe8; color: #000000; }
        &:light .tone--alike { background: #e6e6e6; color: #555555; }
        &:light .tone--more-in-b { background: #f7cb94; color: #000000; }
        &:light .tone--much-in-b { background: #b35c00; color: #ffffff; }
        &:ansi .tone--much-in-a { color: ansi_blue; text-style: bold; }
        &:ansi .tone--more-in-a { color: ansi_blue; }
        &:ansi .tone--alike { color: ansi_default; }
        &:ansi .tone--more-in-b { color: ansi_yellow; }
        &:ansi .tone--much-in-b { color: ansi_yellow; text-style: bold; }
        .tone--selected { background: $panel; text-style: bold; }
        .tone--cursor { background: $primary-muted; color: $foreground; text-style: bold; }
    }
    """

    def styles_of(self, tone: SpanTone | Highlight) -> RenderStyles:
        """What the style sheet has for a tone, or for a highlighted line."""
        name = f"tone--{tone}"
        try:
            return self.get_component_styles(name)
        except KeyError:
            # The first screen is drawn before Textual applies the styles of the app itself.
            self.stylesheet.apply(self)
            return self.get_component_styles(name)


def _reads(color: Color | None, ground: Color | None) -> bool:
    """Whether a text can be read, by WCAG 2.1 (1.4.3, large text)."""
    if color is None or ground is None:
        return True
    low, high = sorted(map(_luminance, (color, ground)))
    return (high + 0.05) / (low + 0.05) >= LEAST_CONTRAST


def _luminance(color: Color) -> float:
    """From 0 to 1, as WCAG 2.1 defines it."""
    parts = (each / 255 for each in color.get_truecolor())
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


class _Looks(NamedTuple):
    """What the style sheet has for a widget besides the tones of its text."""

    padding: Spacing
    is_bare: bool
    """Whether there is nothing around its lines or over them."""

    @classmethod
    def of(cls, widget: Widget) -> _Looks:
        styles = widget.styles
        edges = [*styles.border, *styles.outline]
        effects = styles.tint.a > 0, styles.text_opacity != 1.0, styles.has_rule("hatch")
        is_bare = not any(kind for kind, _ in edges) and not any(effects)
        return cls(styles.padding, is_bare)


class Toned(DrawsLines):
    """A widget whose text has tones; its app is a `TonedApp`."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._tones: dict[tuple[SpanTone, Highlight], Style] = {}
        self._looks: _Looks | None = None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._tones.clear()
        self._looks = None

    def tone_style(self, tone: SpanTone, highlight: Highlight = "") -> Style:
        """The style of a tone here, in a line with that highlight."""
        style = self._tones.get((tone, highlight))
        if style is None:
            style = self.rich_style
            if highlight:
                style += self._styles_of(highlight).partial_rich_style
            if tone != "plain":
                own = self._own_style(tone)
                # Of the terminal's own colours nobody knows; only the cursor's line has one.
                ansi = self.app.native_ansi_color
                ground = own.bgcolor or style.bgcolor
                reads = highlight != "cursor" if ansi else _reads(own.color, ground)
                if highlight and not reads:
                    own = Style(bold=own.bold)
                style += own
            style = self._tones[tone, highlight] = self._filtered(style)
        return style

    def _filtered(self, style: Style) -> Style:
        """What becomes of a style by the app's filters, such as that for terminals without colours:
        once for each, where Textual has it done with every text that has the style."""
        segments = [Segment(" ", style)]
        for line_filter in self.get_line_filters():
            segments = line_filter.apply(segments, self.background_colors[1])
        return segments[0].style or style

    def _styles_of(self, tone: SpanTone | Highlight) -> RenderStyles:
        app = self.app
        assert isinstance(app, TonedApp)
        return app.styles_of(tone)

    def _own_style(self, tone: SpanTone) -> Style:
        """What a tone changes of a text in front of this widget's background, as Textual has it
        for a component of the widget itself: some colours depend on what is behind them."""
        styles = self._styles_of(tone)
        _, background = self.background_colors
        color, behind = styles.color, None
        if styles.auto_color:
            color = background.get_contrast_text(color.a)
        if tone in get_args(Share) and not self.app.native_ansi_color:
            behind = (background + styles.background).rich_color
        text = styles.text_style
        return Style(
            color=(background + color).rich_color, bgcolor=behind, bold=text.bold, dim=text.dim
        )

    def render_lines(self, crop: Region) -> list[Strip]:
        """Anew each time: what Textual has kept of a line may be older than what was drawn of it
        since, by `lines_within`."""
        self._styles_cache.set_dirty(crop)
        return super().render_lines(crop)

    def lines_within(self, crop: Region) -> list[Strip] | None:
        if self._looks is None:
            self._looks = _Looks.of(self)
        padding, is_bare = self._looks
        if not is_bare or self.opacity != 1.0:
            return None
        top, left = padding.top, padding.left
        columns = crop.x - left, crop.right - left
        lines = range(crop.y - top, crop.bottom - top)
        width, height = self.size
        if columns[0] < 0 or columns[1] > width or lines[0] < 0 or lines[-1] >= height:
            return None
        return [self.part_of_line(y, *columns) for y in lines]

    def part_of_line(self, y: int, first: int, last: int) -> Strip:
        """A line from one column to the one before another, within the widget."""
        return self.render_line(y).crop_extend(first, last, self.tone_style("plain"))

    def strip(self, line: Line, width: int, *, highlight: Highlight = "") -> Strip:
        """A line, padded or cut to `width` cells."""
        # Neighbours of one tone are one segment: fewer escape sequences to write.
        segments = [
            Segment("".join([text for text, _ in spans]), self.tone_style(tone, highlight))
            for tone, spans in groupby(line, key=_tone)
        ]
        used = width_of("".join([segment.text for segment in segments]))
        if used > width:
            return Strip(segments, used).crop(0, width)
        if used < width:
            segments.append(Segment(" " * (width - used), self.tone_style("plain", highlight)))
        return Strip(segments, width)
