"""The link to the terminal: how much may be on its way, judged by the terminal's own answers.

What is written goes into queues that nobody here sees: the system's, the SSH server's, the
network's. On a slow link they would fill with frames that are old by the time they are shown. So
every display ends with a query, and the terminal's answer says that it has been shown. While
answers are late, no new frame starts; the next one starts on the answer, and shows what is true
then. What has been held back is never sent: it is drawn anew.

What is asked: DECRQM, the state of a private mode; where the terminal does not answer that, CPR,
the cursor's position, with the cursor in row 2. Where it answers neither, a budget of bytes takes
their place over SSH. Queries in a row are about different modes or columns, so that an answer
tells which it belongs to: some are lost, and two who look at one terminal both answer.

An answer may be lost. Then another query is sent, a probe, at growing intervals. Its answer
differs from those to displays: since a terminal answers in order, it tells that all before it have
been answered or lost.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rnn_tui.tui.terminal_answers import CursorReport, ModeReport

LinkSetting = Literal["measured", "remote", "local"]
LINK_HELP: dict[LinkSetting, str] = {
    "measured": "as many frames as the terminal's answers show to be seen",
    "remote": "a slow link, whatever the answers show: few frames and bytes",
    "local": "no limit but the clock",
}
FRAMES_PER_SECOND, REMOTE_FRAMES_PER_SECOND = 5.0, 4.0  # at most, while running

# A display that is on its way for longer than this waits in a queue: 1.1 times the smallest round
# trip and 150 ms. With 50 ms a good link loses half of its frames to the noise of round trips.
ROUND_TRIPS, SLACK = 1.1, 0.15
MOST_UNANSWERED = 2  # displays on a link with a queue
# Bytes on their way from which nothing more is displayed, unless as many came through quickly.
MOST_BYTES = 6 * 1024
# The same for a new frame of training, where that is less: so many, and so many a second for the
# smallest round trip.
FRAME_BYTES, FRAME_BYTES_A_SECOND = 3200, 12 * 1024
MOST_ON_CLEAR_LINK = 8  # displays on a long one without: a round trip may take longer than a frame
BUDGET = 6 * 1024  # bytes a second where no answer tells of the link
SAVED, OWED = 2 * 1024, 3 * 1024  # bytes: saved up at most; owed at most for a key to be answered

FIRST_PROBE, LAST_PROBE = 2.0, 30.0  # seconds without an answer until a probe; doubled each time
# Seconds from a query for which the end waits for its answer, typed into a shell otherwise; and
# from the handshake, of which the terminal may answer nothing, or a part.
LAST_ANSWERS, FIRST_ANSWER = 5.0, 1.5
GIVEN_UP_AFTER = 15.0  # seconds of keys without answers, after which no answer is expected any more
KEYS_WITHIN = 5.0  # seconds between two of those keys, at most
JUDGED_FRAMES = 8  # the newest frames, by which a link is slow or is not
# So it is, too, where most of the newest displays came through at fewer bytes a second; those with
# little on its way tell nothing of that.
SLOW_RATE, JUDGED_BYTES = 20 * 1024, 1024
LIMITING_SECONDS = 2.0  # how long a frame that had to wait counts as the link's limit
RATE_SECONDS = 3.0  # over which displays are counted
SLOW_ROUND_TRIP = 0.03  # seconds; from here on, escape sequences may arrive in pieces
ESCAPE_SECONDS = (0.15, 0.4)  # waited for the rest of one, at least and at most, on a slow link

# DECRQM: of these the modes that the terminal answers number the displays, and one the probes. The
# last is synchronised output, which a terminal may answer that answers for no other.
MODES = (25, 7, 1000, 1004, 1006, 1049, 2004, 2026)
PROBE_COLUMN, COLUMNS = 9, 8  # CPR: columns 1 to 8 number the displays


@dataclass(frozen=True)
class Unanswered:
    """A query that the terminal has not answered yet.

    Attributes:
        asked: when.
        number: of the display, from 1; 0 for a probe.
        displays: how many displays there had been.
        sent: bytes that had been displayed.
        ahead: those of them that had not been answered.
    """

    asked: float
    number: int
    displays: int
    sent: int
    ahead: int


class Link:
    """Counts what is on its way to the terminal; knows no app and writes nothing itself.

    Attributes:
        setting: "measured"; or what the user says: "remote" for a slow link, whatever its answers
            say, "local" for one without limits.
        round_trip: the newest one in seconds; None before the first.
        displays: how many there have been.
        seen: how many of them have certainly been seen; all, where the terminal does not answer.
    """

    def __init__(
        self,
        setting: LinkSetting = "measured",
        *,
        over_ssh: bool = False,
        multiplexed: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a link about which nothing is known yet.

        Args:
            setting: whether to measure it.
            over_ssh: whether the terminal is at the other end of an SSH connection.
            multiplexed: whether tmux or screen is in between, which answers for itself.
            clock: the time in seconds.
        """
        self.setting: LinkSetting = setting
        self.round_trip: float | None = None
        self.displays = self.seen = 0
        self._over_ssh = over_ssh
        self._multiplexed = multiplexed
        self._clock = clock
        self._asks_modes: bool | None = None  # by DECRQM, else by CPR; None: no answer yet
        self._modes: list[int] = []  # that the handshake found to be answered; of probes, displays
        self._smallest = 0.0  # round trip
        self._begun = 0.0  # when the handshake was sent
        self._in_handshake = False  # the last of its modes has not been answered
        self._handshake_open = 0  # its queries without an answer
        self._uncovered = False  # something was displayed before it was known how to ask
        self._unanswered: deque[Unanswered] = deque()
        self._sent = self._arrived = 0  # bytes displayed, and those of them answered
        self._quick = 0  # the most that were on their way with a display answered without delay
        self._slow = 0  # bytes displayed until the newest display that was not
        self._number = 0
        self._probe_after = FIRST_PROBE
        self._last_asked = self._last_answered = 0.0
        self._behind = 0.0  # seconds by which answers came that nobody waited for; 0 without those
        # When keys came while an answer was late: the first, and the newest that followed on.
        self._heard: tuple[float, float] | None = None
        self._silent = False  # the terminal answers no more
        self._balance, self._balanced = 0.0, clock()  # bytes of the budget, and when
        self._displays: deque[float] = deque(maxlen=64)
        self._waited = -LIMITING_SECONDS  # when a frame had to wait last
        self._waits: deque[bool] = deque(maxlen=JUDGED_FRAMES)  # whether the newest frames had to
        self._rates: deque[float] = deque(maxlen=JUDGED_FRAMES)  # bytes a second; inf: no delay
        self._slow_rate = False  # they were slow when the newest frame began

    # ---------------------------------------------------------------- queries and answers

    def begin(self, *, modes: bool = True) -> str:
        """Return the opening handshake, which finds out what the terminal answers.

        Args:
            modes: whether it may be asked by DECRQM.
        """
        self._unanswered.clear()
        self._asks_modes, self._silent, self._heard = None, False, None
        self._modes.clear()
        self._in_handshake, self._begun = True, self._clock()
        by_mode = [f"\x1b[?{mode}$p" for mode in MODES] if modes else []
        self._handshake_open = 1 + len(by_mode)
        return "".join([*by_mode, f"\x1b[2;{PROBE_COLUMN}H\x1b[6n"])

    def displayed(self, size: int) -> str:
        """Count a display of `size` bytes, and return the query to end it with."""
        now = self._clock()
        self._pay(now)
        self._balance -= size
        self._sent += size
        self._displays.append(now)
        self.displays += 1
        if self._asks_modes is None or self._silent:
            self._uncovered = True
            self._count_all_as_seen()
            return ""
        return self._ask_after_display()

    def displayed_without_query(self) -> None:
        """Count a display on a terminal that is not asked."""
        self.displays += 1
        self._count_all_as_seen()

    def _count_all_as_seen(self) -> None:
        """Count all displays as seen, and wait for no answer to them."""
        self._unanswered.clear()
        self.seen, self._arrived = self.displays, self._sent

    def _ask_after_display(self) -> str:
        """Return the next query that a display ends with."""
        most = max(len(self._modes) - 1, 1) if self._asks_modes else COLUMNS
        self._number = self._number % most + 1
        return self._ask(self._number)

    def _ask(self, number: int) -> str:
        """Return a query, and wait for its answer from now on."""
        if not self._unanswered:
            self._probe_after = FIRST_PROBE
        self._last_asked = self._clock()
        ahead = self._sent - self._arrived
        asked = Unanswered(self._last_asked, number, self.displays, self._sent, ahead)
        self._unanswered.append(asked)
        if self._asks_modes:
            return f"\x1b[?{self._modes[number % len(self._modes)]}$p"
        return f"\x1b[2;{number or PROBE_COLUMN}H\x1b[6n"

    def answered(self, answer: ModeReport | CursorReport, at: float) -> str:
        """Take an answer that was read `at`.

        Returns:
            A query where displays went out before it was known how to ask about them; else "".
        """
        by_mode = isinstance(answer, ModeReport)
        if isinstance(answer, ModeReport) and not self._tells_something(answer.mode):
            return ""
        if isinstance(answer, CursorReport) and answer.column == PROBE_COLUMN:
            self._handshake_open = 0  # the last query of the handshake
        if self._in_handshake and (self._asks_modes is None or by_mode):
            return self._handshake_answered(at, by_mode=by_mode)
        if by_mode != self._asks_modes:
            return ""
        self._silent, self._heard, self._probe_after = False, None, FIRST_PROBE
        query = self._answered_query(answer)
        if query is not None:
            self._note_round_trip(at - query.asked)
            self._note_speed(query, at - query.asked)
            self.seen = max(self.seen, query.displays)
            self._arrived = max(self._arrived, query.sent)
            self._last_answered = at
        else:  # somebody else at the same terminal has answered, too
            self._behind = max(self._behind, min(at - self._last_answered, 1.0))
        return ""

    def _handshake_answered(self, at: float, *, by_mode: bool) -> str:
        """Ask as the terminal answers from now on; return a query about earlier displays."""
        if self._asks_modes is None:
            self._note_round_trip(at - self._begun)
        if by_mode:
            self._in_handshake, self._handshake_open = False, min(self._handshake_open, 1)
        self._asks_modes = by_mode
        self._count_all_as_seen()
        uncovered, self._uncovered = self._uncovered, False
        return self._ask_after_display() if uncovered else ""

    def _note_speed(self, query: Unanswered, seconds: float) -> None:
        """Note how many bytes came through quickly with a display, or at which rate they did."""
        quick = seconds <= self._limit
        if query.ahead >= JUDGED_BYTES:
            rate = query.ahead / max(seconds - self._smallest, 1e-3)
            self._rates.append(math.inf if quick else rate)
        if quick:  # what had been on its way for long before is not counted
            ahead = min(query.ahead, query.sent - self._slow)
            self._quick = max(self._quick, ahead)
        else:
            self._quick, self._slow = 0, query.sent

    def _tells_something(self, mode: int) -> bool:
        """Return whether the answer about `mode` is to a display or probe, or ends the handshake.

        In the handshake, note that the terminal answers for this mode.
        """
        if not self._in_handshake:
            return mode in self._modes
        if mode in MODES and mode not in self._modes:
            self._modes.append(mode)
            self._handshake_open = max(self._handshake_open - 1, 0)
        return mode == MODES[-1]

    def _answered_query(self, answer: ModeReport | CursorReport) -> Unanswered | None:
        """Take the query that was answered, and those before it, out of the unanswered."""
        waiting = self._unanswered
        number: int | None = None  # of the oldest display, where only one mode is answered
        if isinstance(answer, CursorReport):
            number = answer.column % PROBE_COLUMN
        elif len(self._modes) > 1:
            number = self._modes.index(answer.mode)
        if number is not None and all(each.number != number for each in waiting):
            return None
        while waiting:
            query = waiting.popleft()
            if (number is None and query.number) or query.number == number:
                return query
        return None

    def _note_round_trip(self, seconds: float) -> None:
        """Note how long an answer took."""
        self._smallest = min(self._smallest, seconds) if self.round_trip is not None else seconds
        self.round_trip = seconds

    def heard(self) -> None:
        """Note that a key came: the link is alive, and answers that stay away are lost for good."""
        if not self._late():
            return
        now = self._clock()
        # Keys of before a pause tell nothing: the link may have stood still since then.
        first, newest = self._heard or (now, now)
        if self._heard is None or now - newest > KEYS_WITHIN:
            first, self._probe_after = now, FIRST_PROBE
        self._heard = (first, now)
        if now - first > GIVEN_UP_AFTER:
            self._silent = True
            self._count_all_as_seen()

    def probe(self) -> str:
        """Return a probe if one is due; else ""."""
        now = self._clock()
        if self.setting == "local" or not self._late():
            return ""
        if now - self._last_asked < self._probe_after:
            return ""
        if self._asks_modes and len(self._modes) == 1 and self._last_answered > self._last_asked:
            # A probe's answer would not differ: what is not answered after the others is lost.
            self._count_all_as_seen()
            return ""
        self._probe_after = min(2 * self._probe_after, LAST_PROBE)
        return self._ask(0)

    def answers_due(self) -> tuple[bool, float]:
        """Return whether answers are on their way, and for how many seconds the end waits for them.

        Those that arrive after the end of the program would be typed into the shell.
        """
        now = self._clock()
        if self._silent:
            return False, 0.0
        if self.round_trip is None:
            due = bool(self._handshake_open) and now - self._begun < FIRST_ANSWER
            # Without SSH there is most likely no answer to come.
            return due, (FIRST_ANSWER if self._over_ssh else 0.1) if due else 0.0
        until = [each.asked + LAST_ANSWERS for each in self._unanswered]
        until += [self._begun + FIRST_ANSWER] if self._handshake_open else []
        if self._behind:
            until.append(self._last_answered + 1.5 * self._behind + 0.3)
        left = max(until, default=now) - now
        return left > 0, max(left, 0.0)

    # ---------------------------------------------------------------- room

    def has_room_for_frame(self) -> bool:
        """Return whether a new frame of training may start."""
        if self.setting == "local":
            return True
        if self._budgeted and self._pay(self._clock()) < 0:
            return False
        most = max(FRAME_BYTES, FRAME_BYTES_A_SECOND * self._smallest)
        return not self._late() and self._few_on_their_way(min(most, MOST_BYTES))

    def has_room_for_key(self) -> bool:
        """Return whether the answer to a key, or anything else, may be displayed at once."""
        if self.setting == "local":
            return True
        if self._budgeted and self._pay(self._clock()) < -OWED:
            return False
        return self._few_on_their_way(MOST_BYTES)

    def _few_on_their_way(self, most: float) -> bool:
        """Return whether more may be on its way than `most` bytes or what came through quickly."""
        if self._sent - self._arrived >= max(most, 2 * self._quick):
            return not self._on_their_way
        return self._on_their_way < MOST_UNANSWERED or self._clear_and_quick()

    def seconds_to_wait(self) -> float | None:
        """Return after how long to look again, if no answer comes; None if nothing is waited for.

        Then there may be room by the budget, or a probe is due.
        """
        if self.setting == "local":
            return None
        waits: list[float] = []
        if self._on_their_way:
            waits.append(self._probe_after - (self._clock() - self._last_asked))
        if self._budgeted and self._pay(self._clock()) < 0:
            waits.append(-self._balance / BUDGET)
        return max(min(waits), 0.05) if waits else None

    @property
    def _limit(self) -> float:
        """Seconds on its way after which a display is late."""
        return ROUND_TRIPS * self._smallest + SLACK

    @property
    def _on_their_way(self) -> int:
        """Displays that have not been answered."""
        return sum(query.number > 0 for query in self._unanswered)

    def _clear_and_quick(self) -> bool:
        """Return whether more may be on its way: a clear link's round trip can outlast a frame.

        It is clear while the newest answer came as fast as where there is no queue.
        """
        clear = self.round_trip is not None and self.round_trip <= self._limit
        return clear and not self._late() and self._on_their_way < MOST_ON_CLEAR_LINK

    def _late(self) -> bool:
        """Return whether the answer to the oldest display is late."""
        asked = next((each.asked for each in self._unanswered if each.number), None)
        return asked is not None and self._clock() - asked >= self._limit

    @property
    def _budgeted(self) -> bool:
        """True where bytes are counted, because answers tell nothing of the link."""
        blind = self._asks_modes is None or self._multiplexed
        return self.setting == "remote" or self._silent or (self._over_ssh and blind)

    def _pay(self, now: float) -> float:
        """Add to the budget what has come in since, and return the balance."""
        self._balance = min(self._balance + BUDGET * (now - self._balanced), SAVED)
        self._balanced = now
        return self._balance

    # ---------------------------------------------------------------- what it means for the screen

    @property
    def frames_per_second(self) -> float:
        """Frames per second at most."""
        remote = self.setting == "remote" or (self.setting == "measured" and self._over_ssh)
        return REMOTE_FRAMES_PER_SECOND if remote else FRAMES_PER_SECOND

    @property
    def escape_patience(self) -> float:
        """Seconds to wait for the rest of an escape sequence, beyond what is waited anyway."""
        least, most = ESCAPE_SECONDS
        if self.round_trip is None:
            return least if self._over_ssh else 0.0
        if self._smallest < SLOW_ROUND_TRIP:
            return 0.0
        return min(max(self.round_trip, least), most)

    def note_frame(self, waited: bool) -> None:
        """Note that a frame of training has started, and whether it had to wait for room."""
        self._waits.append(waited)
        slow = sum(rate < SLOW_RATE for rate in self._rates)
        self._slow_rate = slow > JUDGED_FRAMES // 2

    @property
    def is_slow(self) -> bool:
        """Whether the link, and not the clock, has decided when most of the newest frames began.

        Or whether few bytes a second came through. Either stays so while nothing is trained, so a
        screen does not change because of it.
        """
        if self.setting != "measured":
            return self.setting == "remote"
        waits = len(self._waits) == JUDGED_FRAMES and sum(self._waits) > JUDGED_FRAMES // 2
        return waits or self._slow_rate

    def note_wait(self) -> None:
        """Note that a frame has had to wait for room."""
        self._waited = self._clock()

    def limit_text(self) -> str:
        """Return the link as the header shows it while it limits the frames; else "".

        Such as ``link 210 ms · 4/s``: the newest round trip to 10 ms, and displays a second.
        """
        now = self._clock()
        if now - self._waited >= LIMITING_SECONDS:
            return ""
        rate = sum(now - at < RATE_SECONDS for at in self._displays) / RATE_SECONDS
        shown = f"{rate:.0f}/s" if rate >= 3 else f"{rate:.1f}/s"
        if self._budgeted or self.round_trip is None:
            return f"link {BUDGET // 1024} KiB/s · {shown}"
        return f"link {10 * round(self.round_trip * 100) or 10} ms · {shown}"
