"""Charts as styled lines of text.

- `curves`: what a chart shows
- `axes`: ranges and ticks
- `points`: which points of a curve are drawn
- `strokes`: which character each curve is drawn with
- `raster`: polylines as characters, the only module that imports plotext
- `grid`: a block of cells
- `chart`: the parts put together
- `chart_cache`: charts drawn before
"""
