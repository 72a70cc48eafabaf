"""What ``rnn-tui inspect`` says of a case file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnn_tui.command_line.case_file import CASE, start_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rnn_tui.cases.case import Case
    from rnn_tui.engine.training.trainer import Trainer


LABEL = 13  # cells of what a line is about


def case_report(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is in the case file that the options name, as a JSON object.

    Raises:
        CaseError, CommandError, SettingError: ``train`` would refuse it; see `start_case`.
    """
    trainer, assumed = start_case(options)
    return _report(str(options[CASE]), trainer, assumed)


def case_text(options: Mapping[str, Any], width: int) -> list[str]:
    """Return the same for people, in lines of at most `width` cells."""
    from rnn_tui.tasks.data_report import counted
    from rnn_tui.tui.lines import fold

    trainer, assumed = start_case(options)
    report, case = _report(str(options[CASE]), trainer, assumed), _case(trainer)
    layers = f", {case.layers} layers" if case.layers > 1 else ""
    activation = f", {case.activation}" if report["activation"] else ""
    inputs = counted(case.features, "input")
    if case.symbols:
        inputs = f"codes of {counted(case.features, 'symbol')}"
    outputs = counted(case.outputs, "output")
    if case.loss == "cross-entropy":
        outputs = f"classes, {case.outputs} of them"
    order = "B before T" if case.batch_first else "T before B"
    count = f"{report['counted']:,} of {case.steps * case.batch:,} outputs count"
    rows = {
        "network": f"{case.cell} {case.hidden}{layers}{activation}, {case.dtype.name}, "
        f"{trainer.parameters.size:,} parameters",
        "batch": f"T={case.steps}, B={case.batch}; in the file {order}",
        "inputs": inputs,
        "targets": f"{outputs}; {count}",
        "loss": f"{case.loss}, {case.reduction}",
        "begins with": ", ".join(f"{state}0" for state in case.start) or "zeros",
        "zeros": ", ".join(report["without"]),
        "theirs": ", ".join(report["theirs"]) or "nothing: there is nothing to check",
        "assumed": assumed,
    }
    lines: list[str] = []
    for name, text in rows.items():
        if text:
            first, *rest = fold(text, width - LABEL)
            lines += [f"{name:<{LABEL}}{first}", *(f"{'':{LABEL}}{each.strip()}" for each in rest)]
    return lines


def _report(path: str, trainer: Trainer, assumed: str) -> dict[str, Any]:
    """Return what is in a case."""
    from rnn_tui.registry import CELLS

    case = _case(trainer)
    return {
        "file": path,
        "format": "case",
        "cell": case.cell,
        "activation": case.activation if "activation" in CELLS[case.cell].settings else None,
        "layers": case.layers,
        "hidden": case.hidden,
        "inputs": case.features,
        "symbols": case.symbols,
        "outputs": case.outputs,
        "loss": case.loss,
        "reduction": case.reduction,
        "steps": case.steps,
        "batch": case.batch,
        "batch_first": case.batch_first,
        "dtype": case.dtype.name,
        "parameters": int(trainer.parameters.size),
        "counted": int(case.mask.sum()),
        "start": sorted(case.start),
        "without": [name for name in case.weights if name not in case.given_weights],
        "theirs": sorted(case.theirs),
        "assumed": assumed or None,
        "problems": [],
    }


def _case(trainer: Trainer) -> Case:
    """Return the case of a run."""
    from rnn_tui.tasks.case import CaseTask

    assert isinstance(trainer.task, CaseTask)
    return trainer.task.case
