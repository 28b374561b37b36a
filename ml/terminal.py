"""How the command line shows events and results: bars and remarks on stderr, tables on stdout."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tqdm import tqdm

from ml.attribute_lines import shortened
from ml.attribute_told import AttributeResult
from ml.judgement import ToldJudgement
from ml.protocol import Event, MeasurementPart, MeasurementRow, Yield
from ml.study_told import ChildDone, StudyResult


class Bars:
    """One progress bar per stage; remembers the yields that a `result` brings."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._stage = ""
        self._told: set[str] = set()
        self.yields: dict[str, Yield] = {}

    def __call__(self, event: Event) -> None:
        match event["event"]:
            case "progress":
                self._progress(event)
            case "scalars":
                if self._bar is not None:
                    self._bar.set_postfix({path: f"{value:.3g}" for path, value in list(event["values"].items())[:4]})
            case "stage_finished":
                self.close()
            case "warning":
                self.say(f"warning: {event['message']}")
            case "health":
                self._judgements(event["judgements"])
            case "checkpoint":
                self.say(f"checkpoint {event['file']}{' (best)' if event['is_best'] else ''}")
            case "result":
                self.yields = event["yields"]  # type: ignore[typeddict-item]

    def say(self, text: str) -> None:
        """A remark above the bar."""
        if not self._quiet:
            tqdm.write(text, file=sys.stderr)

    def child(self, done: ChildDone) -> None:
        """A child of a study is there."""
        if self._stage != "children":
            self.close()
            self._stage = "children"
            self._bar = tqdm(desc="children", disable=self._quiet, file=sys.stderr, dynamic_ncols=True)
        self._bar.total = done.num_children
        self._bar.set_postfix_str(f"{done.name} {100 * done.val_balanced_accuracy:.1f} % of validation")
        self._bar.update(done.num_done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar, self._stage = None, ""

    def _judgements(self, judgements: Sequence[ToldJudgement]) -> None:
        """Those that hold, each once."""
        holding = {judgement["code"]: judgement for judgement in judgements if judgement["until"] is None}
        for code in holding.keys() - self._told:
            self.say(f"warning: since step {holding[code]['since']}: {holding[code]['message']}")
        self._told = set(holding)

    def _progress(self, event: Mapping[str, Any]) -> None:
        if self._stage != event["stage"]:
            self.close()
            self._stage = event["stage"]
            self._bar = tqdm(
                total=event["num_steps"],
                initial=event["step"],
                desc=f"{self._stage} on {event['device']}",
                disable=self._quiet,
                file=sys.stderr,
                dynamic_ncols=True,
            )
        self._bar.update(event["step"] - self._bar.n)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows with columns under each other; the first row is the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def yield_table(yields: Mapping[str, Yield]) -> str:
    """What became of each class."""
    head = ("class", "asked", "generated", "kept", "dropped")
    rows = [
        (
            name,
            str(row["asked"]),
            str(row["generated"]),
            str(row["kept"]),
            ", ".join(f"{reason} {count}" for reason, count in row["dropped"].items()),
        )
        for name, row in yields.items()
    ]
    return table([head, *rows])


def metric_table(values: Mapping[str, MeasurementRow]) -> str:
    """Each metric with its interval and counts, and what to beware of below."""
    head = ("metric", "value", "95 % interval", "real", "synthetic")
    rows = []
    for name, row in values.items():
        rows.append((name, _number(row["value"]), _interval(row), str(row["num_real"]), str(row["num_synthetic"])))
        rows += [(f"  {part}", _number(own["value"]), _interval(own), "", "") for part, own in row["parts"].items()]
    cautions = [f"{name}: {row['caution']}" for name, row in values.items() if row["caution"]]
    return "\n".join([table([head, *rows]), *cautions])


def _interval(row: MeasurementRow | MeasurementPart) -> str:
    return "" if row["low"] is None else f"{_number(row['low'])} to {_number(row['high'])}"


def _number(value: float | None) -> str:
    return "refused" if value is None else f"{value:.4g}"


def settings_table(schema: Mapping[str, Any]) -> str:
    """Every setting with its default, bounds and help."""
    head = ("setting", "default", "may be", "what it does")
    rows = [
        (name, str(field["default"]), bounds(field), field.get("description", ""))
        for name, field in schema.get("properties", {}).items()
    ]
    return table([head, *rows]) if rows else "It has no settings."


def bounds(field: Mapping[str, Any]) -> str:
    """What a field of a JSON Schema may be, in words."""
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = [f"{sign} {field[key]}" for key, sign in signs.items() if key in field]
    return ", ".join(limits) or str(field.get("type", ""))


def study_table(result: StudyResult) -> str:
    """A row for each arm, and the answer."""
    head = (
        "arm",
        "children",
        "balanced accuracy",
        "95 %",
        "accuracy",
        "ECE",
        "gain, points",
        "95 %",
        "answer",
        "= real",
        "GAN-test",
    )
    rows = [head]
    for arm in result["arms"]:
        gain, marks = arm["gain"], {result["baseline"]: " (baseline)", result["best"]: " (best)"}
        rows.append(
            (
                arm["name"] + marks.get(arm["name"], ""),
                str(arm["num_children"]),
                f"{100 * arm['balanced_accuracy']['mean']:.1f}",
                _points(arm["balanced_accuracy"]),
                f"{100 * arm['accuracy']['mean']:.1f}",
                f"{arm['ece']:.3f}",
                "" if gain is None else f"{100 * gain['mean']:+.1f}",
                "" if gain is None else _points(gain),
                "" if gain is None else (gain["answer"] or "").replace("_", " "),
                "" if arm["equals_more_real"] is None else f"{arm['equals_more_real']:+d}",
                "" if arm["gan_test"] is None else f"{100 * arm['gan_test']['mean']:.1f}",
            )
        )
    return f"{table(rows)}\n\n{result['num_test']} test images. {result['sentence']}"


def _points(estimate: Mapping[str, Any]) -> str:
    low, high = estimate["low"], estimate["high"]
    return "" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}"


def attribute_table(result: AttributeResult) -> str:
    """A row for each art, a column for each attribute, in percent; the average and its interval last."""
    head = ("recognised, %", *result["names"], "average", "95 %", "identity", "reconstruction")
    known = [value for value in result["classifier"] if value is not None]
    average = sum(known) / len(known) if known else None
    rows = [head, ("classifier on real", *map(_percent, result["classifier"]), _percent(average), "", "", "")]
    for art in result["arts"]:
        cells = [_percent(one["mean"]) for one in (*art["by_attribute"], art["average"])]
        others = (_number(art["identity"]["mean"]), _number(art["reconstruction"]["mean"]))
        rows.append((shortened(art["name"]), *cells, _points(art["average"]), *others))
    return (
        f"{table(rows)}\n\n{result['num_held_out']} held-out images, each attribute of them turned around; "
        f"{result['num_seeds']} seeds. identity: distance of appearance between source and result; reconstruction: "
        "error of sources given back, as a share of a pixel's range. Of the classifier: the mean of those that have an "
        f"attribute and those that lack it.\n{result['sentence']}"
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"
