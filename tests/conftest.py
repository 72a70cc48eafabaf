"""What holds for every test: one BLAS thread and reproducible property tests."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# A shell without job control starts what is in the background with these signals ignored, and
# programs inherit that. Tests send them, so they have an effect again.
for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

# No test, and no program that a test starts, writes to the folder of whoever runs the tests.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="rnn-tui-tests-")

# One thread adds numbers in one order: bits can be compared, and tests that run beside each
# other do not fight for cores. BLAS reads this when NumPy is imported, so it comes first.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

from hypothesis import HealthCheck, settings  # noqa: E402

settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow],
)
# HYPOTHESIS_PROFILE=search looks where the fixed examples of "ci" do not.
settings.register_profile(
    "search", settings.get_profile("ci"), derandomize=False, max_examples=1000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in an empty folder of its own, not over ssh, with Ctrl-C as in a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    for name in ("SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    # An ignored Ctrl-C is inherited, and a test runner in the background may ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
