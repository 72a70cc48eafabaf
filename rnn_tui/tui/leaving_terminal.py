"""What gives a terminal back: everything off that the program turns on."""

# Where there is no alternate screen (Linux, VT220, GNU screen), this one is empty afterwards.
CLEAR = "\x1b[0m\x1b[H\x1b[J"
# ST first: it ends a sequence that was cut short.
LEAVE = (
    "\x1b\\\x1b[?2026l\x1b[?2004l\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
    f"\x1b[?1016l\x1b[?1004l\x1b[<u\x1b[?7h{CLEAR}\x1b[?1049l\x1b[?25h"
)
